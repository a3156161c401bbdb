/**
 * Reads the kernel's text straight from bytes: a daemon that made strings of /proc each second would spend more on
 * them than the kernel spends on writing them.
 *
 * Every function trusts that a 0 byte follows the file in the buffer (`Host.read` promises it): 0 is neither a digit
 * nor part of a token, so a truncated file ends a number, a token, a line, and nothing runs into stale bytes.
 */

const NEWLINE = 10;
const SPACE = 32;
const TAB = 9;
const DOT = 46;
const MINUS = 45;
const ZERO = 48;

/**
 * The unsigned decimal number at `offset`; NaN where there is no digit.
 * Above 2^53 it is rounded to a double near it, and larger numbers never read as smaller ones (2^64-1 reads as 2^64).
 */
export function readUint(buffer: Buffer, offset: number): number {
  let position = offset;
  let digit = buffer[position]! - ZERO;
  if (!(digit >= 0 && digit <= 9)) return Number.NaN;
  let value = 0;
  do {
    value = value * 10 + digit;
    position++;
    digit = buffer[position]! - ZERO;
  } while (digit >= 0 && digit <= 9);
  return value;
}

/** The number at `offset`, with or without a minus sign; NaN where there is none. */
export function readInt(buffer: Buffer, offset: number): number {
  return buffer[offset] === MINUS ? -readUint(buffer, offset + 1) : readUint(buffer, offset);
}

/** The unsigned decimal fraction at `offset` (`0.27`), as exact as JavaScript's own; NaN where there is none. */
export function readDecimal(buffer: Buffer, offset: number): number {
  const whole = readUint(buffer, offset);
  const point = skipDigits(buffer, offset);
  if (buffer[point] !== DOT) return whole;
  const scale = 10 ** (skipDigits(buffer, point + 1) - point - 1);
  return scale === 1 ? whole : (whole * scale + readUint(buffer, point + 1)) / scale;
}

function skipDigits(buffer: Buffer, offset: number): number {
  let position = offset;
  while (buffer[position]! >= ZERO && buffer[position]! <= ZERO + 9) position++;
  return position;
}

/** The first byte that is neither space nor tab; a line's end is not passed. */
export function skipSpaces(buffer: Buffer, offset: number): number {
  let position = offset;
  while (buffer[position] === SPACE || buffer[position] === TAB) position++;
  return position;
}

/** The end of the token that begins at `offset`: a space, a tab, a newline or the file's end. */
export function tokenEnd(buffer: Buffer, offset: number): number {
  let position = offset;
  let byte = buffer[position];
  while (byte !== SPACE && byte !== NEWLINE && byte !== TAB && byte !== 0 && byte !== undefined) {
    position++;
    byte = buffer[position];
  }
  return position;
}

/** The beginning of the token that comes `count` tokens later on the same line, or that line's end. */
export function skipTokens(buffer: Buffer, offset: number, count = 1): number {
  let position = offset;
  for (let skipped = 0; skipped < count; skipped++) {
    position = skipSpaces(buffer, tokenEnd(buffer, position));
  }
  return position;
}

/** The beginning of the next line, or the file's end (a 0 byte). */
export function nextLine(buffer: Buffer, offset: number): number {
  let position = offset;
  let byte = buffer[position];
  while (byte !== NEWLINE && byte !== 0 && byte !== undefined) {
    position++;
    byte = buffer[position];
  }
  return byte === NEWLINE ? position + 1 : position;
}

/** True where the bytes at `offset` are exactly `label` (made once with `Buffer.from`). */
export function startsWith(buffer: Buffer, offset: number, label: Buffer): boolean {
  for (let index = 0; index < label.length; index++) {
    if (buffer[offset + index] !== label[index]) return false;
  }
  return true;
}

/** The token at `offset` as text; for what is read once, not each second. */
export function readToken(buffer: Buffer, offset: number): string {
  return buffer.toString('utf8', offset, tokenEnd(buffer, offset));
}
