import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../lib/clock.ts';
import { type Held, KEY_COST, ROW_COST, type Shares } from './shares.ts';

/** Records that were applied elsewhere, so that of them the key is enough. */
export interface Spare {
  readonly kind: string;
  /** As SQL's LIKE has it. */
  readonly keys: string;
  /** The last id that was applied. */
  readonly appliedTo: () => number;
}

export interface RoomOptions {
  readonly clock: Clock;
  /** For so long a key is remembered at the least, ms. */
  readonly windowMs: number;
  readonly spare?: Spare | undefined;
}

/** Rows removed at once at the bound: enough that it is not done for each commit. */
const REMOVE_ROWS = 2000;
/** What was applied elsewhere stays so long even so: who applies it may have to read it again after a power loss, ms. */
const SPARE_AGE_MS = 3_600_000;

/** Makes room in the log: the oldest rows outside of the window go, then those of which the key is enough. */
export class Room {
  readonly #db: DatabaseSync;
  readonly #shares: Shares;
  readonly #options: RoomOptions;
  /** Up to here nothing spare is left. */
  #sparedTo = 0;

  constructor(db: DatabaseSync, shares: Shares, options: RoomOptions) {
    this.#db = db;
    this.#shares = shares;
    this.#options = options;
  }

  /** How many rows went, and whether of some of them the keys are left. */
  make(): { readonly removed: number; readonly keysLeft: boolean } {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const old = this.#removeOld();
      const removed = old || this.#removeSpare();
      if (removed > 0) {
        this.#db.prepare('UPDATE wal_facts SET dropped = dropped + ?').run(removed);
        this.#shares.save();
      }
      this.#db.exec('COMMIT');
      return { removed, keysLeft: removed > old };
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#shares.count();
      throw error;
    }
  }

  #removeOld(): number {
    const limit = this.#options.clock.now() - this.#options.windowMs;
    // Twice as many keys as can come to be at a time.
    const keys = this.#db
      .prepare(
        `DELETE FROM wal_keys WHERE rowid IN (SELECT rowid FROM wal_keys ORDER BY rowid LIMIT ?) AND received_at < ?
         RETURNING source, -(${KEY_COST}) AS cost`,
      )
      .all(2 * REMOVE_ROWS, limit) as unknown as readonly Held[];
    const rows = this.#db
      .prepare(
        `DELETE FROM wal WHERE id IN (SELECT id FROM wal ORDER BY id LIMIT ?) AND received_at < ?
         RETURNING source, -(${ROW_COST}) AS cost`,
      )
      .all(REMOVE_ROWS, limit) as unknown as readonly Held[];
    this.#shares.add([...keys, ...rows]);
    return rows.length;
  }

  #removeSpare(): number {
    const { spare, clock } = this.#options;
    if (!spare) return 0;
    const rows = this.#db
      .prepare(
        // In the order of the columns: of a row that stays the bytes are never read.
        `SELECT id FROM wal WHERE id > ? AND id <= ? AND idempotency_key LIKE ? AND kind = ? AND received_at < ?
         ORDER BY id LIMIT ?`,
      )
      .all(
        ...[this.#sparedTo, spare.appliedTo(), spare.keys, spare.kind],
        ...[clock.now() - SPARE_AGE_MS, REMOVE_ROWS],
      ) as { id: number }[];
    const remember = this.#db.prepare(
      `INSERT INTO wal_keys (idempotency_key, received_at, source)
       SELECT idempotency_key, received_at, source FROM wal WHERE id = ?`,
    );
    const remove = this.#db.prepare(
      `DELETE FROM wal WHERE id = ? RETURNING source, (${KEY_COST}) - (${ROW_COST}) AS cost`,
    );
    for (const { id } of rows) {
      remember.run(id);
      this.#shares.add(remove.all(id) as unknown as readonly Held[]);
    }
    this.#sparedTo = rows.at(-1)?.id ?? this.#sparedTo;
    return rows.length;
  }
}
