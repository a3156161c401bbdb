import { LogReader } from '../../../src/wal/log-reader.ts';

/** What became of the events, by their keys. */
export interface Counts {
  readonly acknowledged: number;
  /** In the log, acknowledged or not: the answer to an event may be what was lost. */
  readonly kept: number;
  /** Acknowledged and not in the log. */
  readonly lost: number;
  /** In the log more than once. */
  readonly twice: number;
  /** Rows whose bytes do not match their checksum, and ids that are missing. */
  readonly damaged: number;
}

/** Looks each acknowledged key up in the log of this path. */
export function count(path: string, acknowledged: Iterable<string>): Counts {
  const reader = new LogReader(path);
  try {
    const times = new Map<string, number>();
    for (const { key } of reader.records()) times.set(key, (times.get(key) ?? 0) + 1);
    const { damage, missing } = reader.verify();
    const keys = [...acknowledged];
    return {
      acknowledged: keys.length,
      kept: [...times.values()].reduce((sum, one) => sum + one, 0),
      lost: keys.filter((key) => !times.has(key)).length,
      twice: [...times.values()].filter((one) => one > 1).length,
      damaged: damage.length + missing,
    };
  } finally {
    reader.close();
  }
}

/** Whether nothing was lost, nothing is there twice, and there was something to lose. */
export const isWhole = ({ acknowledged, lost, twice, damaged }: Counts): boolean =>
  acknowledged > 0 && lost === 0 && twice === 0 && damaged === 0;
