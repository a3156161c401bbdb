import { chmodSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
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
  /** Ids between the first and the last that are not there. */
  readonly missing: number;
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

  /** Walks all checksums and ids. `progress` gets the records seen so far. */
  verify(progress: (records: number) => void = () => {}): Verified {
    const select = this.#db.prepare('SELECT id, bytes, checksum FROM wal ORDER BY id');
    const damage: LogDamage[] = [];
    let records = 0;
    let missing = 0;
    let before: number | undefined;
    for (const row of select.iterate() as Iterable<{ id: number; bytes: Uint8Array; checksum: number }>) {
      records++;
      if (before !== undefined) missing += row.id - before - 1;
      before = row.id;
      if (crc32(row.bytes) !== row.checksum)
        damage.push({ id: row.id, what: 'the bytes do not match their checksum' });
      if (records % 10_000 === 0) progress(records);
    }
    const [integrity] = this.#db.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
    if (integrity && integrity.quick_check !== 'ok')
      damage.push({ id: 0, what: `SQLite says: ${integrity.quick_check}` });
    return { records, damage, missing };
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
  ...{ id: Number(id), key, bytes, kind, source },
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
