#!/bin/sh
# Asks each URL once; ends with 1 when one of them does not answer.
failed=0
for url in "$@"; do
  if /bin/busybox wget -q -T 5 -O /dev/null "$url"; then
    echo "up    $url"
  else
    echo "DOWN  $url"
    failed=1
  fi
done
exit "$failed"
