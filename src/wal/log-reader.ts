import { chmodSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { keyAsSent } from './key.ts';
import type { LogRecord } from './log.ts';
import { type LogStats, openForReading, statsOf } from './log-file.ts';
import { type RecordFilter, whereOf } from './record-filter.ts';

export interface LogDamage {
  readonly id: number;
  readonly what: string;
}

export interface Verified {
  readonly records: number;
  readonly damage: readonly LogDamage[];
  /** Ids that were given since the log was made and are not there, and how many of them were dropped at the bound: the others are lost. */
  readonly missing: number;
  readonly dropped: number;
}

/** A record as it is kept. */
export interface KeptRecord extends LogRecord {
  readonly id: number;
  /** When it was taken, ms since the epoch. */
  readonly receivedAt: number;
}

/** Reads a log that another process may write meanwhile. Throws UserError where it cannot be opened. */
export class LogReader {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = openForReading(path);
  }

  stats(): LogStats {
    return statsOf(this.#db);
  }

  /** Records after `afterId` in the order in which they were kept, read so many at once. */
  *records(afterId = 0, filter: RecordFilter = {}, atOnce = 500): Generator<KeptRecord> {
    const { where, values } = whereOf(filter);
    const select = this.#db.prepare(
      `SELECT ${COLUMNS} FROM wal WHERE id > ? ${where} ORDER BY id LIMIT ${Number(atOnce)}`,
    );
    select.setReadBigInts(true);
    for (let last = afterId; ; ) {
      const rows = select.all(last, ...values) as unknown as Row[];
      if (rows.length === 0) return;
      for (const row of rows) {
        last = Number(row.id);
        yield kept(row);
      }
    }
  }

  /**
   * The same in the order of the senders' times, whatever order they came in. SQLite sorts the ids outside of memory where
   * they are many. All is of one moment: until it ends, the writer's write-ahead log cannot be taken back.
   */
  *inTimeOrder(filter: RecordFilter = {}): Generator<KeptRecord> {
    const { where, values } = whereOf(filter);
    const order = this.#db.prepare(`SELECT id FROM wal WHERE id > 0 ${where} ORDER BY ts_ns < 0, ts_ns, id`);
    const select = this.#db.prepare(`SELECT ${COLUMNS} FROM wal WHERE id = ?`);
    select.setReadBigInts(true);
    for (const { id } of order.iterate(...values)) yield kept(select.get(id!) as unknown as Row);
  }

  /** How many records the filter lets through. */
  count(filter: RecordFilter = {}): number {
    const { where, values } = whereOf(filter);
    const row = this.#db.prepare(`SELECT COUNT(*) AS count FROM wal WHERE id > 0 ${where}`).get(...values);
    return Number(row?.count);
  }

  /** Walks all checksums and ids as they are at one moment. `progress` gets the records seen so far. */
  verify(progress: (records: number) => void = () => {}): Verified {
    this.#db.exec('BEGIN');
    try {
      const { records, missing, dropped } = this.stats();
      const damage = [...this.#wrongSums(progress)];
      const [integrity] = this.#db.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
      if (integrity && integrity.quick_check !== 'ok')
        damage.push({ id: 0, what: `SQLite says: ${integrity.quick_check}` });
      return { records, damage, missing, dropped };
    } finally {
      this.#db.exec('ROLLBACK');
    }
  }

  *#wrongSums(progress: (records: number) => void): Generator<LogDamage> {
    const select = this.#db.prepare('SELECT id, bytes, checksum FROM wal ORDER BY id');
    let records = 0;
    for (const row of select.iterate() as Iterable<{ id: number; bytes: Uint8Array; checksum: number }>) {
      if (crc32(row.bytes) !== row.checksum)
        yield { id: row.id, what: 'the bytes do not match their checksum' };
      if (++records % 10_000 === 0) progress(records);
    }
  }

  /** Writes a whole copy that is consistent in itself, also while the log is written. */
  backup(target: string): void {
    this.#db.prepare('VACUUM INTO ?').run(target);
    chmodSync(target, 0o600);
  }

  close(): void {
    this.#db.close();
  }
}

const COLUMNS = 'id, idempotency_key AS key, ts_ns AS ts, bytes, kind, source, received_at AS receivedAt';

const kept = ({ id, key, ts, bytes, kind, source, receivedAt }: Row): KeptRecord => ({
  ...{ id: Number(id), key: keyAsSent(key), bytes, kind, source },
  ...{ timestampNs: BigInt.asUintN(64, ts), receivedAt: Number(receivedAt) },
});

interface Row {
  readonly id: bigint;
  readonly key: string;
  readonly ts: bigint;
  readonly bytes: Uint8Array;
  readonly kind: string;
  readonly source: string;
  readonly receivedAt: bigint;
}
