/** How much of each part of a page is written. */
export type Amounts<Part extends string> = Readonly<Record<Part, number>>;

/**
 * The page with as much as fits into `maxBytes` of UTF-8. Parts are cut in the order given, each down to
 * nothing before the next one is touched.
 */
export const fitPage = <Part extends string>(
  render: (amounts: Amounts<Part>) => string,
  full: Amounts<Part>,
  order: readonly Part[],
  maxBytes: number,
): string => {
  const fits = (amounts: Amounts<Part>): boolean => byteLength(render(amounts)) <= maxBytes;
  let amounts = full;
  for (const part of order) {
    if (fits(amounts)) break;
    const without = { ...amounts, [part]: 0 };
    const most = fits(without) ? largest(amounts[part], (amount) => fits({ ...amounts, [part]: amount })) : 0;
    amounts = { ...without, [part]: most };
  }
  return cutBytes(render(amounts), maxBytes);
};

/** At most `maxBytes` of UTF-8, without half a character at the end. */
export const cutBytes = (text: string, maxBytes: number): string => {
  if (byteLength(text) <= maxBytes) return text;
  const most = largest(text.length, (length) => byteLength(text.slice(0, length)) <= maxBytes - 3);
  return `${text.slice(0, most).replace(/[\ud800-\udbff]$/, "")}…`;
};

export const byteLength = (text: string): number => new TextEncoder().encode(text).length;

/** The largest number from 0 to `most` that fits, or 0. */
const largest = (most: number, fits: (amount: number) => boolean): number => {
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
};
