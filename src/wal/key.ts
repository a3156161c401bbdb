/** A key that begins with it is no client's: it names the client too (US, which is in no name of a client). */
const SEPARATOR = '\u001f';

/**
 * Under which key a client's record is kept where its own is another client's already. A key that a client itself begins with the separator is
 * always kept like this, so that nobody can take the place of another's.
 */
export const keyOfClient = (source: string, key: string): string => `${SEPARATOR}${source}${SEPARATOR}${key}`;

/** Under which key a record is kept first. */
export const keyOf = (source: string, key: string): string =>
  key.startsWith(SEPARATOR) ? keyOfClient(source, key) : key;

/** The key as its client sent it. */
export function keyAsSent(kept: string): string {
  if (!kept.startsWith(SEPARATOR)) return kept;
  return kept.slice(kept.indexOf(SEPARATOR, 1) + 1);
}

/** As SQL: a key that `keyOfClient` made. */
export const KEPT_AS_CLIENTS = 'idempotency_key >= char(31) AND idempotency_key < char(32)';
