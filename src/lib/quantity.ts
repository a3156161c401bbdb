import * as v from 'valibot';
import {
  DURATION_HELP,
  DURATION_PATTERN,
  parseDuration,
  parseSize,
  SIZE_HELP,
  SIZE_PATTERN,
} from './units.ts';

/**
 * Text that `parse` understands, as the number that it stands for; `what` says to people what is understood, `pattern` to programs as
 * far as a regular expression can.
 */
export const quantity = (
  what: string,
  parse: (text: string) => number | undefined,
  pattern: string = DURATION_PATTERN,
) =>
  v.pipe(
    v.string(what),
    v.check((text) => parse(text) !== undefined, what),
    v.metadata({ allowed: what, pattern }),
    v.transform((text) => parse(text)!),
  );

/** A span of time in ms, written as `10m`. */
export const durationSchema = quantity(`a span of time: ${DURATION_HELP}`, parseDuration);

/** A size in bytes, written as `1GiB`, of `least` (written so too) or more. */
export const sizeSchema = (least: string) =>
  quantity(
    `a size of ${least} or more: ${SIZE_HELP}`,
    (text) => {
      const bytes = parseSize(text);
      return bytes !== undefined && bytes >= parseSize(least)! ? bytes : undefined;
    },
    SIZE_PATTERN,
  );
