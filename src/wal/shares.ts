import type { DatabaseSync } from 'node:sqlite';
import type { Appended, LogRecord } from './log.ts';

/** What a row takes beside its bytes and twice its key, and a key that is left of a row; about, bytes. */
const ROW_BYTES = 96;
const KEY_BYTES = 48;
/** What a row and a key that is left take, as SQL. */
export const ROW_COST = `LENGTH(bytes) + 2 * LENGTH(idempotency_key) + ${ROW_BYTES}`;
export const KEY_COST = `2 * LENGTH(idempotency_key) + ${KEY_BYTES}`;
/** Whose keys are that a version left which kept no owner of them. */
const KEYS_OF_NOBODY = '';
/** So many records may have to be counted again after an end without notice. */
const SAVE_EVERY = 20_000;

/** What a source takes of the log, or no longer takes, bytes. */
export interface Held {
  readonly source: string;
  readonly cost: number;
}

/** About what the record will take. */
export const costOf = ({ key, bytes }: LogRecord): number => bytes.length + 2 * key.length + ROW_BYTES;

/**
 * How much of the log each source holds, and whether it may hold more: at most a share of what the others leave, so that none can fill the log for
 * all, however many try: the nearer the log is to its bound the less the largest ones may add. It is known without a walk over the log: what was counted
 * is kept in the file with the id up to which it was, and changes with rows that are removed.
 */
export class Shares {
  readonly #db: DatabaseSync;
  /** From 1 on nobody is refused. */
  readonly #share: number;
  #held = new Map<string, number>();
  #unsaved = 0;
  /** Sources whose latest records were refused, and why. */
  readonly #refused = new Map<string, string>();

  constructor(db: DatabaseSync, share: number) {
    this.#db = db;
    this.#share = share;
    db.exec(`
      CREATE TABLE IF NOT EXISTS wal_held (source TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS wal_held_to (id INTEGER NOT NULL);
    `);
    this.count();
  }

  /** Counts from what was saved last. */
  count(): void {
    this.#held = new Map();
    const saved = this.#db.prepare('SELECT source, bytes AS cost FROM wal_held').all();
    for (const { source, cost } of saved as unknown as readonly Held[]) this.#held.set(source, cost);
    const to = this.#db.prepare('SELECT id FROM wal_held_to').get();
    const rows = `SELECT source, SUM(${ROW_COST}) AS cost FROM wal WHERE id > ? GROUP BY source`;
    const keys = `SELECT source, SUM(${KEY_COST}) AS cost FROM wal_keys GROUP BY source`;
    this.add(this.#db.prepare(rows).all(to?.id ?? 0) as unknown as readonly Held[]);
    if (!to) this.add(this.#db.prepare(keys).all() as unknown as readonly Held[]);
  }

  add(more: readonly Held[]): void {
    for (const { source, cost } of more) this.#held.set(source, (this.#held.get(source) ?? 0) + cost);
    this.#unsaved += more.length;
  }

  /** Counts those of the records that were stored, and says how many they are. */
  stored(records: readonly LogRecord[], answers: readonly Appended[]): number {
    let count = 0;
    for (const [index, record] of records.entries()) {
      if (answers[index] !== 'stored') continue;
      const { source } = record;
      this.#held.set(source, (this.#held.get(source) ?? 0) + costOf(record));
      count++;
    }
    this.#unsaved += count;
    return count;
  }

  /** To be saved within the transaction of the caller, in which no row was inserted yet. */
  get isDue(): boolean {
    return this.#unsaved >= SAVE_EVERY;
  }

  save(): void {
    this.#db.exec(`
      DELETE FROM wal_held;
      DELETE FROM wal_held_to;
      INSERT INTO wal_held_to (id) SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'wal';
    `);
    const insert = this.#db.prepare('INSERT INTO wal_held (source, bytes) VALUES (?, ?)');
    for (const [source, bytes] of this.#held) {
      if (bytes > 0) insert.run(source, bytes);
      else this.#held.delete(source);
    }
    this.#unsaved = 0;
  }

  /** Of what the sources want to add, bytes, those that may not, and why. `free`: what the log may still take. */
  over(wanted: ReadonlyMap<string, number>, free: number): ReadonlyMap<string, string> {
    const over = new Map<string, string>();
    if (this.#share >= 1) return over;
    for (const [source, cost] of wanted) {
      const held = this.#held.get(source) ?? 0;
      const most = this.#share * (held + Math.max(0, free));
      if (held + cost <= most) continue;
      over.set(
        source,
        `${source} holds ${held} bytes of the log; at most ${Math.round(100 * this.#share)} % of what the others leave, which are ${Math.floor(most)}, are one client's`,
      );
    }
    return over;
  }

  /** How it went with the latest records of these sources. */
  settle(taken: Iterable<string>, refused: ReadonlyMap<string, string>): void {
    if (this.#refused.size > 0) for (const source of taken) this.#refused.delete(source);
    for (const [source, why] of refused) this.#refused.set(source, why);
  }

  /** Why nothing more is taken from this source. */
  problem(source: string): string | undefined {
    return this.#refused.get(source);
  }

  /** Those that hold most, `count` of them. */
  largest(count: number): readonly Held[] {
    return [...this.#held]
      .filter(([source]) => source !== KEYS_OF_NOBODY)
      .sort(([, one], [, other]) => other - one)
      .slice(0, count)
      .map(([source, cost]) => ({ source, cost }));
  }
}
