/** Which records are wanted; what is left out does not matter. Beginnings are included, ends are not. */
export interface RecordFilter {
  readonly source?: string;
  /** When it was taken, ms since the epoch. */
  readonly receivedFrom?: number;
  /** When it was sent, by the sender's clock, ms since the epoch. */
  readonly sentFrom?: number;
  readonly sentTo?: number;
  /** Not after this id. */
  readonly lastId?: number;
}

/** Times from 2^63 ns on are kept as negative numbers: they are later than all others. */
const SENT_AT_LEAST = '(ts_ns >= ? OR ts_ns < 0)';
const SENT_BEFORE = '(ts_ns < ? AND ts_ns >= 0)';

/** The filter as SQL that follows another condition, and its values. */
export function whereOf({ source, receivedFrom, sentFrom, sentTo, lastId }: RecordFilter): {
  readonly where: string;
  readonly values: readonly (string | number | bigint)[];
} {
  const conditions: [string, string | number | bigint][] = [];
  if (source !== undefined) conditions.push(['source = ?', source]);
  if (receivedFrom !== undefined) conditions.push(['received_at >= ?', Math.floor(receivedFrom)]);
  if (sentFrom !== undefined) conditions.push([SENT_AT_LEAST, nanoseconds(sentFrom)]);
  if (sentTo !== undefined) conditions.push([SENT_BEFORE, nanoseconds(sentTo)]);
  if (lastId !== undefined) conditions.push(['id <= ?', lastId]);
  return {
    where: conditions.map(([condition]) => `AND ${condition}`).join(' '),
    values: conditions.map(([, value]) => value),
  };
}

const LARGEST = 2n ** 63n - 1n;

function nanoseconds(ms: number): bigint {
  const ns = BigInt(Math.ceil(ms)) * 1_000_000n;
  return ns > LARGEST ? LARGEST : ns;
}
