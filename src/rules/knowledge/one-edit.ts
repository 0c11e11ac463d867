/** Whether one letter more, less or different, or a swap of two neighbours, makes one word of the other; case aside. */
export const isOneEditAway = (written: string, wanted: string): boolean => {
  const [a, b] = [written.toLowerCase(), wanted.toLowerCase()];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  const longest = Math.min(a.length, b.length) - start;
  while (end < longest && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [restA, restB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (restA.length <= 1 && restB.length <= 1) return true;
  return restA.length === 2 && restB.length === 2 && restA[0] === restB[1] && restA[1] === restB[0];
};
