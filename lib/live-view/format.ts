/** Figures as text: three significant digits, a no-break space and a unit. A missing figure is a dash. */

/** Shown where there is nothing to show yet. */
export const ABSENT = '–';

const SPACE = '\u00a0';
const BYTE_UNITS: readonly string[] = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const COUNT_UNITS: readonly string[] = ['', 'k', 'M', 'G', 'T', 'P'];

/** Units of time that a duration is made of, the largest first. */
const TIME_UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** `1536` is `1.5 KiB`. */
export function bytes(value: number | null): string {
  return value === null ? ABSENT : scaled(value, 1024, BYTE_UNITS);
}

/** `1536` is `1.54 k`. */
export function count(value: number | null): string {
  return value === null ? ABSENT : scaled(value, 1000, COUNT_UNITS);
}

/** `1536` is `1,536`; a million and more are shortened. */
export function wholeCount(value: number | null): string {
  if (value === null) return ABSENT;
  return value < 1e6 ? Math.round(value).toLocaleString('en-US') : count(value);
}

/** `1536` is `1.54 k/s`. */
export function rate(perSecond: number | null): string {
  return perSecond === null ? ABSENT : `${count(perSecond)}/s`;
}

/** `1536` is `1.5 KiB/s`. */
export function byteRate(perSecond: number | null): string {
  return perSecond === null ? ABSENT : `${bytes(perSecond)}/s`;
}

/** `1.536` is `1.54 ms`. */
export function milliseconds(ms: number | null): string {
  return ms === null ? ABSENT : `${digits(ms)}${SPACE}ms`;
}

/** `0.9731` is `97.3 %`. Only a ratio of 1 is 100 %: `0.9999` is `99.99 %`, and what is nearer to 1 is cut there. */
export function percent(ratio: number | null): string {
  if (ratio === null) return ABSENT;
  const value = ratio * 100;
  if (value > 99.9 && value < 100) return `${(Math.floor(value * 100) / 100).toFixed(2)}${SPACE}%`;
  return `${value === 100 || value === 0 ? value : value.toFixed(1)}${SPACE}%`;
}

/** `83_000` is `1 min 23 s`: the two largest units. Less than a second is in ms. */
export function duration(ms: number): string {
  if (ms < 1000) return `${digits(ms)}${SPACE}ms`;
  if (ms < 10_000) return `${digits(ms / 1000)}${SPACE}s`;
  const seconds = Math.round(ms / 1000) * 1000;
  const first = TIME_UNITS.findIndex(([, unitMs]) => seconds >= unitMs);
  let left = seconds;
  const parts: string[] = [];
  for (const [name, unitMs] of TIME_UNITS.slice(first, first + 2)) {
    const units = Math.floor(left / unitMs);
    left -= units * unitMs;
    if (units > 0) parts.push(`${units}${SPACE}${name}`);
  }
  return parts.join(' ');
}

/** The local time of day of `epochSeconds`. */
export function timeOfDay(epochSeconds: number, withSeconds: boolean): string {
  const date = new Date(epochSeconds * 1000);
  const parts = [date.getHours(), date.getMinutes(), ...(withSeconds ? [date.getSeconds()] : [])];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let scaledValue = value;
  let unit = 0;
  // What would be rounded up to a whole step belongs to the next unit.
  while (Math.abs(scaledValue) >= step - 0.5 && unit < units.length - 1) {
    scaledValue /= step;
    unit++;
  }
  const text = unit === 0 && step === 1024 ? String(Math.round(scaledValue)) : digits(scaledValue);
  return units[unit] === '' ? text : `${text}${SPACE}${units[unit]}`;
}

/** Three digits, without zeros at the end of a fraction; whole numbers keep all of theirs. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return String(Math.round(value));
  return String(Number(value.toFixed(size >= 10 ? 1 : 2)));
}
