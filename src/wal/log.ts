import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import { RateMeter } from '../lib/rate-meter.ts';
import { openFile, usedBytes } from './log-file.ts';
import { Room, type Spare } from './room.ts';
import { costOf, type Held, Shares } from './shares.ts';
import { Writer } from './writer.ts';

/**
 * The log: opaque bytes, each once, on disk before anybody is told that they are kept.
 *
 * One SQLite file, journal WAL, synchronous FULL: a commit is an fsync. What waits is committed together (group commit),
 * so that the disk and not the number of clients sets the pace. Invariants:
 * - a record is answered `stored` only after the commit that holds it;
 * - `idempotency_key` is unique: a record that comes again from its source is answered `duplicate` and changes nothing, also where the record itself
 *   made room and only its key is left, in `wal_keys`; a key that another source had before is kept with the name of its own (`key.ts`);
 * - `checksum` is the CRC-32 (IEEE 802.3, as in zlib) of `bytes` as they came;
 * - ids only grow, also after rows were removed (AUTOINCREMENT), so a gap is a removal that `dropped` counts.
 */
export interface LogRecord {
  readonly key: string;
  /** The sender's time, ns since the epoch. */
  readonly timestampNs: bigint;
  /** What the bytes are: the name of the message. */
  readonly kind: string;
  /** Who sent them: the name in its certificate. */
  readonly source: string;
  readonly bytes: Uint8Array;
}

export interface LogOptions {
  readonly path: string;
  readonly clock: Clock;
  /** The file may grow so large, bytes. */
  readonly maxBytes?: number;
  /**
   * For so long a key is remembered at the least, ms: it must outlive every retry. What is older goes, oldest first, when the file is
   * at its bound; when nothing is old enough, the log is full.
   */
  readonly windowMs?: number;
  /** Records that may wait for a commit; more are refused. */
  readonly maxWaiting?: number;
  /** What may go at the bound although its key must still be remembered. */
  readonly spare?: Spare;
  /** Of what the others leave, what one source may hold; 1: all. */
  readonly share?: number;
}

/** What is known of the log at any time without a walk over it. */
interface LogFigures {
  readonly records: number;
  /** The whole file without what is free in it. */
  readonly fileBytes: number;
  readonly lastId: number | undefined;
  /** Records removed at the bound since the log was made. */
  readonly dropped: number;
}

export type Appended = 'stored' | 'duplicate';

/** Why a record was not taken now; it may be sent again. */
export class LogRefusal extends Error {
  readonly reason: 'busy' | 'full' | 'share' | 'failed';
  /** When it is worth trying again, ms. */
  readonly retryMs: number;

  constructor(reason: LogRefusal['reason'], message: string, retryMs: number) {
    super(message);
    this.reason = reason;
    this.retryMs = retryMs;
  }
}

const MEGABYTE = 2 ** 20;
const DAY_MS = 86_400_000;
const FULL_RETRY_MS = 30_000;
const FAILED_RETRY_MS = 1000;
const TAKEN_MEAN_MS = 500;
/** What comes in so many turns shares a commit at the most: records, ms. */
const GATHER_RECORDS = 4000;
const GATHER_MS = 5;
/** Where only somebody's share is used up it is looked for old rows so often, ms. */
const LOOK_AGAIN_MS = 1000;
/** A guess until the first commits were seen. */
const FIRST_RATE_PER_MS = 5;

interface Waiting {
  readonly records: readonly LogRecord[];
  readonly resolve: (appended: Appended[]) => void;
  readonly reject: (error: LogRefusal) => void;
}

export class Log {
  readonly #options: Required<Omit<LogOptions, 'spare'>> & Pick<LogOptions, 'spare'>;
  readonly #db: DatabaseSync;
  readonly #writer: Writer;
  readonly #ends: StatementSync;
  /** Names this file; another one, also one that takes its place, has another name. */
  readonly id: string;
  #waiting: Waiting[] = [];
  #waitingRecords = 0;
  #closed = false;
  /** Records a millisecond that the disk takes, an exponential mean over commits. */
  #ratePerMs = FIRST_RATE_PER_MS;
  readonly #taken = new RateMeter(TAKEN_MEAN_MS);
  #problem: string | undefined;
  /** Rows of the file. Counted once: the hub looks at every scrape, in the thread that answers its clients. */
  #records: number;
  readonly #shares: Shares;
  readonly #room: Room;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** Throws UserError where the file cannot be opened, is damaged, or is from a newer version. */
  constructor(options: LogOptions) {
    this.#options = { maxBytes: 200 * MEGABYTE, windowMs: DAY_MS, maxWaiting: 20_000, share: 1, ...options };
    this.#db = openFile(options.path);
    this.#shares = new Shares(this.#db, this.#options.share);
    this.#room = new Room(this.#db, this.#shares, this.#options);
    ({ id: this.id } = this.#db.prepare('SELECT id FROM wal_name').get() as { id: string });
    ({ records: this.#records } = this.#db.prepare('SELECT COUNT(*) AS records FROM wal').get() as {
      records: number;
    });
    this.#ends = this.#db.prepare(
      'SELECT (SELECT MAX(id) FROM wal) AS lastId, (SELECT dropped FROM wal_facts) AS dropped',
    );
    this.#writer = new Writer(this.#db);
  }

  /** Resolves when the record is on disk; rejects with a LogRefusal where it is not, and nothing of it was kept. */
  async append(record: LogRecord): Promise<Appended> {
    const [appended] = await this.appendAll([record]);
    return appended!;
  }

  /** The same for several at once, all of one source, of which all or none are kept; the answers in their order. */
  appendAll(records: readonly LogRecord[]): Promise<Appended[]> {
    if (this.#closed) return Promise.reject(new LogRefusal('busy', 'the log is closing', FAILED_RETRY_MS));
    // What is larger than the queue is taken when nothing else waits: it would never be taken otherwise.
    if (this.#waiting.length > 0 && this.#waitingRecords + records.length > this.#options.maxWaiting) {
      return Promise.reject(
        new LogRefusal('busy', `${this.#waitingRecords} records wait for the disk`, this.waitMs()),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
      this.#waitingRecords += records.length;
      if (this.#waiting.length === 1) this.#gather(0, performance.now() + GATHER_MS);
    });
  }

  /** What comes turn after turn shares one fsync: until a turn of I/O brought nothing more, or enough waits, or for long enough. */
  #gather(seen: number, until: number): void {
    setImmediate(() => {
      const waiting = this.#waitingRecords;
      if (waiting === seen || waiting >= GATHER_RECORDS || performance.now() >= until) this.#commit();
      else this.#gather(waiting, until);
    });
  }

  /** How many records wait for the disk. */
  waiting(): number {
    return this.#waitingRecords;
  }

  /** How long what waits will take at the speed of the disk as it was seen, ms. */
  waitMs(): number {
    return Math.ceil(this.#waitingRecords / this.#ratePerMs);
  }

  /** Records a second that the disk takes, as seen lately. */
  ratePerSecond(): number {
    return this.#ratePerMs * 1000;
  }

  /** Records a second that were taken lately: what came, where `ratePerSecond` is what could have come. */
  takenPerSecond(): number {
    return this.#taken.perSecond(performance.now());
  }

  /** The file may grow so large. */
  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  /** What keeps the log from being written now, for people. */
  problem(): string | undefined {
    return this.#problem;
  }

  /** How many records had a key that another source had used, since the start, and the last of them. */
  sharedKeys(): ReturnType<Writer['shared']> {
    return this.#writer.shared();
  }

  /** Why no more of this source is taken now: it holds its share. */
  shareProblem(source: string): string | undefined {
    return this.#shares.problem(source);
  }

  /** The sources that hold most of the log, about, bytes. */
  largest(count: number): readonly Held[] {
    return this.#shares.largest(count);
  }

  figures(): LogFigures {
    const { lastId, dropped } = this.#ends.get() as { lastId: number | null; dropped: number };
    return { records: this.#records, fileBytes: usedBytes(this.#db), lastId: lastId ?? undefined, dropped };
  }

  /** Commits what waits, then closes the file. Nothing is taken any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#commit();
    this.#saveShares();
    this.#db.close();
  }

  #commit(): void {
    let batch: readonly Waiting[] = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    this.#waitingRecords = 0;
    const began = performance.now();
    let answers: Appended[];
    try {
      batch = this.#admit(batch);
      if (batch.length === 0) return;
      answers = this.#write(batch);
    } catch (error) {
      const refusal =
        error instanceof LogRefusal
          ? error
          : new LogRefusal('failed', `the log cannot be written: ${errorMessage(error)}`, FAILED_RETRY_MS);
      this.#problem = refusal.message;
      for (const { reject } of batch) reject(refusal);
      return;
    }
    this.#problem = undefined;
    const now = performance.now();
    this.#taken.add(answers.length, now);
    const perMs = answers.length / Math.max(now - began, 0.05);
    this.#ratePerMs += 0.1 * (perMs - this.#ratePerMs);
    let from = 0;
    for (const { records, resolve } of batch) {
      resolve(answers.slice(from, from + records.length));
      from += records.length;
    }
  }

  #write(batch: readonly Waiting[]): Appended[] {
    const now = this.#options.clock.now();
    const records = batch.flatMap((one) => one.records);
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      if (this.#shares.isDue) this.#shares.save();
      const answers = this.#writer.write(records, now);
      this.#db.exec('COMMIT');
      this.#records += this.#shares.stored(records, answers);
      return answers;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** What of this is written now; of the others each is answered. Throws LogRefusal where the log is full. */
  #admit(batch: readonly Waiting[]): readonly Waiting[] {
    const wanted = wantedBy(batch);
    const used = usedBytes(this.#db);
    let over = this.#shares.over(wanted, this.#options.maxBytes - used);
    const isFull = used >= this.#options.maxBytes;
    if (isFull || (over.size > 0 && performance.now() - this.#lookedAt >= LOOK_AGAIN_MS)) {
      this.#lookedAt = performance.now();
      const { removed, keysLeft } = this.#room.make();
      this.#records -= removed;
      if (keysLeft) this.#writer.keysWereLeft();
      if (isFull && removed === 0) throw this.#full();
      over = this.#shares.over(wanted, this.#options.maxBytes - usedBytes(this.#db));
    }
    this.#shares.settle(wanted.keys(), over);
    if (over.size === 0) return batch;
    for (const { records, reject } of batch) {
      const why = over.get(records[0]?.source ?? '');
      if (why !== undefined) reject(new LogRefusal('share', why, FULL_RETRY_MS));
    }
    return batch.filter(({ records }) => !over.has(records[0]?.source ?? ''));
  }

  #full(): LogRefusal {
    const { maxBytes, windowMs } = this.#options;
    return new LogRefusal(
      'full',
      `the log is at its bound of ${maxBytes} bytes and everything in it is younger than ${windowMs / 3_600_000} h`,
      FULL_RETRY_MS,
    );
  }

  /** What cannot be saved is counted at the next start. */
  #saveShares(): void {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      this.#shares.save();
      this.#db.exec('COMMIT');
    } catch {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    }
  }
}

/** What the sources want to add, bytes. All records of one call are of one source. */
function wantedBy(batch: readonly Waiting[]): Map<string, number> {
  const wanted = new Map<string, number>();
  for (const { records } of batch) {
    const [first] = records;
    if (!first) continue;
    let cost = wanted.get(first.source) ?? 0;
    for (const record of records) cost += costOf(record);
    wanted.set(first.source, cost);
  }
  return wanted;
}
