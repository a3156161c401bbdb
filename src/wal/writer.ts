import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { KEPT_AS_CLIENTS, keyOf, keyOfClient } from './key.ts';
import type { Appended, LogRecord } from './log.ts';

/** Rows of one statement, the most first: what a statement costs by itself is more than what a row costs. */
const SIZES = [64, 8, 1] as const;
/** Of one statement: SQLite has a copy of what is bound to it until something else is, bytes. */
const MAX_BYTES = 256 * 1024;
/** SQLite's extended code where a key is there already. */
const SQLITE_CONSTRAINT_UNIQUE = 2067;

interface Statements {
  readonly insert: StatementSync;
  /** Which of as many keys are known, and whose they are. */
  readonly known: StatementSync;
}

/** A record whose key is another client's: each has its own. */
export interface SharedKey {
  readonly key: string;
  readonly source: string;
  readonly holder: string;
}

/** Puts records into the table `wal`, each key of a client once, within a transaction of its caller. */
export class Writer {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<number, Statements>();
  /** Keys are left of records that made room. */
  #hasKeys: boolean;
  /** Sources of which a key is kept as theirs: it stays so, also when the one is gone for whose sake it was. */
  readonly #sharers: Set<string>;
  /** Since the start; the last one is kept for people. */
  #sharedCount = 0;
  #lastShared: SharedKey | undefined;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#hasKeys = db.prepare('SELECT 1 FROM wal_keys LIMIT 1').get() !== undefined;
    const from = (table: string): string => `SELECT source FROM ${table} WHERE ${KEPT_AS_CLIENTS}`;
    const sharers = db.prepare(`${from('wal')} UNION ${from('wal_keys')}`).all();
    this.#sharers = new Set(sharers.map(({ source }) => String(source)));
  }

  /** Of some records only their keys are there from now on. */
  keysWereLeft(): void {
    this.#hasKeys = true;
  }

  /** How many records had a key that was another client's, since the start, and the last of them. */
  shared(): { readonly count: number; readonly last: SharedKey | undefined } {
    return { count: this.#sharedCount, last: this.#lastShared };
  }

  /** The answers in the order of the records. `now`: ms since the epoch. */
  write(records: readonly LogRecord[], now: number): Appended[] {
    const answers: Appended[] = [];
    for (const some of inStatements(records.map(underItsKey))) answers.push(...this.#writeSome(some, now));
    return answers;
  }

  /** Most keys are new, and then the index has to be searched only once: by the insertion itself. */
  #writeSome(records: readonly LogRecord[], now: number): Appended[] {
    const isSimple = !this.#hasKeys && !records.some(({ source }) => this.#sharers.has(source));
    if (isSimple && this.#tryInsert(records, now)) return records.map(() => 'stored');
    const known = this.#knownOf(records.map(({ key }) => key));
    const fresh: LogRecord[] = [];
    const answers = records.map((record): Appended => {
      const placed = this.#place(record, known);
      if (placed) fresh.push(placed);
      return placed ? 'stored' : 'duplicate';
    });
    for (const some of inStatements(fresh)) this.#insert(some, now);
    return answers;
  }

  /**
   * The record with the key under which it is kept; undefined where its client sent that key before. Another client's key is no duplicate:
   * whoever knows or guesses a key must not keep its owner's record out.
   */
  #place(record: LogRecord, known: Map<string, string>): LogRecord | undefined {
    const { source, key } = record;
    const holder = known.get(key);
    const own = keyOfClient(source, key);
    const isKept = (): boolean => known.has(own) || this.#knownOf([own]).size > 0;
    if (holder === undefined) {
      if (this.#sharers.has(source) && isKept()) return undefined;
      known.set(key, source);
      return record;
    }
    // Of keys that an older version left it is not known whose they are.
    if (holder === source || holder === '') return undefined;
    if (isKept()) return undefined;
    known.set(own, source);
    this.#sharers.add(source);
    this.#sharedCount++;
    this.#lastShared = { key, source, holder };
    return { ...record, key: own };
  }

  /** False where one of the keys is known: then nothing was inserted, and no id is used up, as a gap is to mean a removal. */
  #tryInsert(records: readonly LogRecord[], now: number): boolean {
    try {
      this.#insert(records, now);
      return true;
    } catch (error) {
      if ((error as { errcode?: number }).errcode === SQLITE_CONSTRAINT_UNIQUE) return false;
      throw error;
    }
  }

  #insert(records: readonly LogRecord[], now: number): void {
    const values: SQLInputValue[] = [];
    for (const { key, timestampNs, bytes, kind, source } of records) {
      // SQLite's integers are signed: the bits are kept, and turned back where they are read.
      const ts = BigInt.asIntN(64, timestampNs);
      values.push(key, ts, bytes, crc32(bytes), kind, source, now);
    }
    this.#statementsFor(records.length).insert.run(...values);
  }

  #knownOf(keys: readonly string[]): Map<string, string> {
    const { known } = this.#statementsFor(keys.length);
    const rows = known.all(...keys) as unknown as readonly { key: string; source: string }[];
    return new Map(rows.map(({ key, source }) => [key, source]));
  }

  #statementsFor(size: number): Statements {
    const made = this.#statements.get(size);
    if (made) return made;
    const list = (one: string): string => Array.from({ length: size }, () => one).join();
    const numbered = Array.from({ length: size }, (_, index) => `?${index + 1}`).join();
    const from = (table: string): string =>
      `SELECT idempotency_key AS key, source FROM ${table} WHERE idempotency_key IN (${numbered})`;
    const statements = {
      insert: this.#db.prepare(
        `INSERT INTO wal (idempotency_key, ts_ns, bytes, checksum, kind, source, received_at)
         VALUES ${list('(?, ?, ?, ?, ?, ?, ?)')}`,
      ),
      known: this.#db.prepare(`${from('wal')} UNION ALL ${from('wal_keys')}`),
    };
    this.#statements.set(size, statements);
    return statements;
  }
}

function underItsKey(record: LogRecord): LogRecord {
  const key = keyOf(record.source, record.key);
  return key === record.key ? record : { ...record, key };
}

/** The records in their order, so many at a time as one of the statements takes. */
function* inStatements(records: readonly LogRecord[]): Generator<readonly LogRecord[]> {
  for (let from = 0; from < records.length; ) {
    const size = SIZES.find((size) => size === 1 || fits(records, from, size))!;
    yield records.slice(from, from + size);
    from += size;
  }
}

function fits(records: readonly LogRecord[], from: number, size: number): boolean {
  if (from + size > records.length) return false;
  let bytes = 0;
  for (let index = from; index < from + size; index++) bytes += records[index]!.bytes.length;
  return bytes <= MAX_BYTES;
}
