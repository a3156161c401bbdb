import { printable, truncate } from '../lib/text.ts';
import { HttpError } from './http-error.ts';

/** Text of a stranger's request, fit for an error message. */
export const quoted = (text: string): string => `'${truncate(printable(text), 80)}'`;

/** A part of a path as it was meant. Throws HttpError 400. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HttpError(400, `the path holds ${quoted(text)}: its percent signs must be encoded as %25`);
  }
}

/** The query of one request. Every reader throws HttpError 400 naming the parameter, the value and what would be right. */
export class Parameters {
  readonly #query: URLSearchParams;

  /** Refuses names that are not `known`, and names given twice unless they are in `many` too. */
  constructor(query: URLSearchParams, known: readonly string[], many: readonly string[] = []) {
    this.#query = query;
    for (const name of new Set(query.keys())) {
      if (!known.includes(name)) {
        const allowed = known.length > 0 ? `it may be ${known.join(', ')}` : 'none is known here';
        throw new HttpError(400, `unknown parameter ${quoted(name)}: ${allowed}`);
      }
      if (!many.includes(name) && query.getAll(name).length > 1) {
        throw new HttpError(400, `parameter '${name}' is given more than once: give it once`);
      }
    }
  }

  all(name: string): readonly string[] {
    return this.#query.getAll(name);
  }

  text(name: string): string | undefined {
    return this.#query.get(name) ?? undefined;
  }

  /** A whole number from `least` to `most`. */
  integer(name: string, least: number, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^\d{1,9}$/.test(text) || value < least || value > most) {
      throw new HttpError(
        400,
        `parameter '${name}' is ${quoted(text)}: give a whole number from ${least} to ${most}`,
      );
    }
    return value;
  }

  choice<const Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = choices.find((choice) => choice === text);
    if (found === undefined) {
      throw new HttpError(400, `parameter '${name}' is ${quoted(text)}: give one of ${choices.join(', ')}`);
    }
    return found;
  }

  /** ms since the epoch: given so, or as ISO 8601 (`2026-03-01T12:00:00Z`; a zone is required). */
  time(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    const zoned = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text);
    const at = zoned ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(at)) {
      throw new HttpError(
        400,
        `parameter '${name}' is ${quoted(text)}: give milliseconds since 1970 or ISO 8601 with a zone such as 2026-03-01T12:00:00Z`,
      );
    }
    return at;
  }

  /** `from` and `to`; left out, `to` is now and `from` lies `spanMs` before it. */
  period(now: number, spanMs: number): { readonly from: number; readonly to: number } {
    const to = this.time('to') ?? now;
    const from = this.time('from') ?? to - spanMs;
    if (from >= to) {
      throw new HttpError(400, `the period from ${from} to ${to} is empty: 'from' must lie before 'to'`);
    }
    return { from, to };
  }
}
