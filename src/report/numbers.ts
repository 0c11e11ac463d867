/** Decimal, as Docker prints sizes, with three significant digits: `999 B`, `1.94 MB`, `118 MB`. */
export const formatBytes = (bytes: number): string => {
  const size = Math.abs(Math.round(bytes));
  const sign = bytes < 0 && size > 0 ? minus : "";
  if (size < 1000) return `${sign}${size} B`;
  let value = size / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${sign}${threeDigits(value)} ${units[unit]}`;
};

/** A round limit as somebody wrote it: `20 MB`, `1.5 GB`. */
export const formatLimit = (bytes: number): string =>
  formatBytes(bytes)
    .replace(/(\.\d*?)0+ /, "$1 ")
    .replace(/\. /, " ");

/** `+6.70 MB`, `−1.20 MB`, `=` within the noise. */
export const formatDelta = (before: number, after: number): string =>
  isNoise(before, after) ? "=" : signed(after - before);

/** `+41 %`, `−0.3 %`; undefined where a percentage says nothing. */
export const formatPercent = (before: number, after: number): string | undefined => {
  if (before <= 0 || isNoise(before, after)) return undefined;
  const percent = (Math.abs(after - before) / before) * 100;
  const digits = percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1).replace(/\.0$/, "");
  return digits === "0" ? undefined : `${after > before ? "+" : minus}${digits} %`;
};

/** A change of bytes with its sign, whatever its size. */
export const signed = (bytes: number): string => (bytes > 0 ? `+${formatBytes(bytes)}` : formatBytes(bytes));

/** Equal, or a difference that a rebuild of the same commit makes: time stamps, compression. */
export const isNoise = (before: number, after: number): boolean =>
  before === after || Math.abs(after - before) < Math.max(1024, before * 0.0001);

/** `12 ms`, `4.1 s`, `1 min 12 s`, `1 h 2 min`. */
export const formatDuration = (milliseconds: number): string => {
  if (milliseconds < 99.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

const minus = "−";
const units = ["kB", "MB", "GB", "TB", "PB"];

const threeDigits = (value: number): string => {
  if (value < 9.995) return value.toFixed(2);
  return value < 99.95 ? value.toFixed(1) : Math.round(value).toString();
};
