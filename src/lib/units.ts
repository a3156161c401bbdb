/** Parsing of spans of time and sizes as people write them in options and configuration files. */

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 36e5,
  d: 864e5,
  w: 6048e5,
  y: 365 * 864e5,
};
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KiB: 1024,
  MB: 1e6,
  MiB: 1024 ** 2,
  GB: 1e9,
  GiB: 1024 ** 3,
};

export const DURATION_HELP = 'a number with ms, s, m, h, d, w or y, such as 10m';
export const SIZE_HELP = 'a number with B, kB, KiB, MB, MiB, GB or GiB, such as 1GiB';

/** Of what is such a text, for JSON Schema; a size or a span of zero is not told from others. */
const patternOf = (units: Readonly<Record<string, number>>): string =>
  `^\\s*\\d+(\\.\\d+)?\\s*(${Object.keys(units).join('|')})\\s*$`;
export const DURATION_PATTERN = patternOf(MILLISECONDS);
export const SIZE_PATTERN = patternOf(BYTES);

/** `90s` -> 90000 ms, or undefined where the text is not a span of time above zero. */
export function parseDuration(text: string): number | undefined {
  return parse(text, MILLISECONDS);
}

/** `1GiB` -> 1073741824 bytes, or undefined where the text is not a size above zero. */
export function parseSize(text: string): number | undefined {
  return parse(text, BYTES);
}

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim());
  if (!match || !Object.hasOwn(units, match[2]!)) return undefined;
  const value = Number(match[1]) * units[match[2]!]!;
  return value > 0 && Number.isFinite(value) ? value : undefined;
}

/**
 * A moment as people write it: an ISO time, or a span before `now` (`2h`, `7d`). ms since the epoch, or undefined.
 */
export function parseMoment(text: string, now: number): number | undefined {
  const ago = parseDuration(text);
  if (ago !== undefined) return now - ago;
  if (text.trim() === 'now') return now;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
