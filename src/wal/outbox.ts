import { existsSync, renameSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { Clock } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import { freePages, usedBytes } from './log-file.ts';
import { closeOutboxFile, copyOutboxFile, type OutboxFile, openOutboxFile } from './outbox-file.ts';
import { type SyncFile, syncFolder, syncWhole } from './sync-beside.ts';

/** What is to be kept until it is acknowledged. */
export interface OutgoingRecord {
  readonly key: string;
  /** ns since the epoch. */
  readonly timestampNs: bigint;
  readonly bytes: Uint8Array;
  /** Its place among `classes`. */
  readonly rank: number;
}

export interface OutboxOptions {
  readonly path: string;
  readonly clock: Clock;
  /** What the file may take, bytes; SQLite's own journal beside it adds some megabytes. */
  readonly maxBytes: number;
  /** Names of the classes, the least important first: at the bound the oldest of the least important goes. */
  readonly classes: readonly string[];
  /** The name of the messages, and of their sender. */
  readonly kind: string;
  readonly source: string;
  /** What may wait for a commit while the disk takes nothing, bytes. */
  readonly maxPendingBytes?: number;
  /** Makes a file durable in another thread; without it `commit` waits for the disk. */
  readonly sync?: SyncFile;
}

/** A record as it is kept: `id` only grows, and is the order in which records came. */
export interface OutboxEntry {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** What of a class was dropped since the file was made. */
export interface Dropped {
  readonly class: string;
  readonly count: number;
  /** ms since the epoch. */
  readonly lastAt: number;
}

interface Pending extends OutgoingRecord {
  readonly id: number;
}

/** Rows removed at once at the bound: enough that it is not done for each commit. */
const REMOVE_ROWS = 500;
/** Acknowledged rows leave with the next commit that adds some, or when they are so many: each commit is an fsync. */
const REMOVE_ACKNOWLEDGED = 1000;
const MAX_PENDING_BYTES = 4 * 2 ** 20;
/** When few rows wait, free pages beyond so many go back to the file system, so many at once. */
const FEW_EVENTS = 1000;
const FREE_PAGES = 256;
/** After an fsync that failed the file is written anew, and where that fails too again after so long, ms. */
const REWRITE_EVERY_MS = 30_000;

/**
 * The sender's end of the log: what is not yet acknowledged, in the order in which it came. The same file and the same promises as
 * the log (`log.ts`), with three differences:
 * - `push` only puts into memory and `commit`, called once in a while, writes all of it with one fsync: whoever pushes never waits. With `sync` the
 *   fsync is another thread's: what is written is read only when it is durable, and what is pushed meanwhile stays in memory;
 * - what was acknowledged leaves it;
 * - at the bound it does not refuse: the oldest of the least important class goes, and is counted.
 */
export class Outbox {
  /** Of this file: another one, that took its place, has another id and begins its numbers anew. */
  readonly id: string;
  readonly #options: Required<Omit<OutboxOptions, 'sync'>> & Pick<OutboxOptions, 'sync'>;
  #file: OutboxFile;
  /** Under way in another thread: nothing is written before it ends. */
  #syncing: Promise<void> | undefined;
  /** The commit after it. */
  #next: Promise<void> | undefined;
  /** An fsync failed: what it was for may never be on the disk, whatever the next one says. */
  #mustRewrite = false;
  #rewrittenAt = Number.NEGATIVE_INFINITY;
  #dropped: Map<string, Dropped>;
  /** Something of it is not in the file yet. */
  #droppedUnsaved = false;
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #lastId: number;
  #writtenTo: number;
  #committedTo: number;
  #acknowledgedTo = 0;
  /** Acknowledged and still in the file. */
  #leaving = 0;
  /** In the file and not acknowledged. */
  #events: number;
  #bytes: number;
  #problem: string | undefined;
  #closed = false;

  /** Throws UserError where the file cannot be opened, is damaged, or is from a newer version. */
  constructor(options: OutboxOptions) {
    this.#options = { maxPendingBytes: MAX_PENDING_BYTES, ...options };
    this.#file = openOutboxFile(options.path, options.sync);
    const { last } = this.#one(
      "SELECT COALESCE(MAX(seq), 0) AS last FROM sqlite_sequence WHERE name = 'wal'",
    );
    ({ id: this.id } = this.#db.prepare('SELECT id FROM wal_name').get() as { id: string });
    this.#lastId = last!;
    this.#writtenTo = last!;
    this.#committedTo = last!;
    ({ events: this.#events, bytes: this.#bytes } = this.#measure('true'));
    const dropped = this.#db.prepare('SELECT class, count, last_at AS lastAt FROM wal_dropped').all();
    this.#dropped = new Map((dropped as unknown as Dropped[]).map((one) => [one.class, one]));
    if (!this.#file.beside) return;
    // An agent that was killed may have written what is not durable yet.
    this.#committedTo = 0;
    this.#begin(this.#settle(0));
  }

  get #db() {
    return this.#file.db;
  }

  /**
   * Takes one record; `make` is handed its id, which no other record of this file ever had. It is in memory until the next `commit`.
   */
  push(make: (id: number) => OutgoingRecord): void {
    const id = ++this.#lastId;
    const record = make(id);
    this.#pending.push({ ...record, id });
    this.#pendingBytes += record.bytes.length;
    if (this.#pendingBytes > this.#options.maxPendingBytes) this.#dropPending();
  }

  /**
   * Writes what was pushed and removes what was acknowledged; resolves when that is durable. Never rejects: `problem` says why it could not be
   * written, and it is tried again.
   */
  commit(): Promise<void> {
    if (this.#syncing) {
      this.#next ??= this.#syncing.then(() => {
        this.#next = undefined;
        return this.commit();
      });
      return this.#next;
    }
    if (this.#closed) return Promise.resolve();
    if (this.#mustRewrite) return this.#begin(this.#rewrite());
    const bytes = this.#commitNow();
    if (bytes === undefined) return Promise.resolve();
    if (this.#file.beside) return this.#begin(this.#settle(bytes));
    this.#isDurable(this.#writtenTo);
    return Promise.resolve();
  }

  /** The bytes that were written; undefined where there was nothing to write, or it could not be. */
  #commitNow(): number | undefined {
    if (this.#pending.length === 0 && this.#leaving < REMOVE_ACKNOWLEDGED) return undefined;
    const bytes = this.#pendingBytes;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const kept = this.#write();
      this.#db.exec('COMMIT');
      this.#keep(kept);
      this.#shrink();
      return bytes;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#cannot('written', error);
      return undefined;
    }
  }

  async #settle(bytes: number): Promise<void> {
    const upTo = this.#writtenTo;
    await this.#file.beside?.settle(bytes);
    this.#isDurable(upTo);
  }

  #begin(work: Promise<void>): Promise<void> {
    const syncing = work
      .catch((error) => {
        this.#mustRewrite = true;
        this.#cannot('written', error);
      })
      .finally(() => {
        this.#syncing = undefined;
      });
    this.#syncing = syncing;
    return syncing;
  }

  /** All of it into a file that takes the place of this one. Takes as long as a copy, in this thread: a disk that failed is worth that. */
  async #rewrite(): Promise<void> {
    const { path, clock, sync } = this.#options;
    if (!sync || clock.monotonic() - this.#rewrittenAt < REWRITE_EVERY_MS) return;
    this.#rewrittenAt = clock.monotonic();
    if (!this.#db.isOpen) this.#file = openOutboxFile(path, sync);
    const upTo = this.#writtenTo;
    const copy = copyOutboxFile(this.#file, path);
    await syncWhole(copy, sync);
    if (this.#closed) return;
    closeOutboxFile(this.#file);
    // SQLite leaves its write-ahead log where it could not empty it, or another program has the file open, and would put it into whatever has this name.
    const isLeft = existsSync(`${path}-wal`);
    if (!isLeft) renameSync(copy, path);
    this.#file = openOutboxFile(path, sync);
    if (isLeft)
      throw new Error('after an fsync that failed it is to be made anew, and another program has it open');
    await syncFolder(path, sync);
    this.#mustRewrite = false;
    this.#isDurable(upTo);
  }

  /**
   * Committed records after `afterId` in their order: at most so many, and of so many bytes, but one in any case. None where the
   * disk cannot be read: `problem` says so.
   */
  read(afterId: number, maxEvents: number, maxBytes: number): readonly OutboxEntry[] {
    const entries: OutboxEntry[] = [];
    if (afterId >= this.#committedTo) return entries;
    try {
      this.#readInto(entries, afterId, maxEvents, maxBytes);
    } catch (error) {
      this.#cannot('read', error);
    }
    return entries;
  }

  #readInto(entries: OutboxEntry[], afterId: number, maxEvents: number, maxBytes: number): void {
    let bytes = 0;
    for (const row of this.#file.select.iterate(
      afterId,
      this.#committedTo,
      maxEvents,
    ) as Iterable<unknown> as Iterable<OutboxEntry>) {
      bytes += row.bytes.length;
      if (entries.length > 0 && bytes > maxBytes) return;
      entries.push(row);
    }
  }

  /** Everything up to this id is done: the receiver has it, or will never take it. */
  acknowledge(id: number): void {
    if (id <= this.#acknowledgedTo) return;
    const before = this.#acknowledgedTo;
    this.#acknowledgedTo = id;
    try {
      const { events, bytes } = this.#measure(`id > ${before} AND id <= ${id}`);
      this.#leaving += events;
      this.#events -= events;
      this.#bytes -= bytes;
    } catch (error) {
      this.#cannot('read', error);
    }
  }

  /** Up to where everything is done. */
  get acknowledgedTo(): number {
    return this.#acknowledgedTo;
  }

  /** The last id that is on disk. */
  get committedTo(): number {
    return this.#committedTo;
  }

  /** What waits to be acknowledged, in memory and on disk; `bytes` of the messages. */
  waiting(): { readonly events: number; readonly bytes: number } {
    return { events: this.#events + this.#pending.length, bytes: this.#bytes + this.#pendingBytes };
  }

  /** What was dropped at the bound, by class. */
  dropped(): readonly Dropped[] {
    return [...this.#dropped.values()];
  }

  /** What keeps it from being written now, for people. */
  problem(): string | undefined {
    return this.#problem;
  }

  /** Commits what waits, then closes the file. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // It could not be opened again after it was made anew.
    if (!this.#db.isOpen) return;
    if (this.#leaving > 0 && this.#pending.length === 0) this.#leaving = REMOVE_ACKNOWLEDGED;
    this.#file.beside?.end();
    this.#commitNow();
    closeOutboxFile(this.#file);
  }

  /** All of one commit; what came of it counts only once it is committed. */
  #write(): Committed {
    const { kind, source, clock } = this.#options;
    const now = clock.now();
    if (this.#leaving > 0) this.#db.prepare('DELETE FROM wal WHERE id <= ?').run(this.#acknowledgedTo);
    let events = 0;
    let bytes = 0;
    for (const { id, key, timestampNs, bytes: message, rank } of this.#pending) {
      const ts = BigInt.asIntN(64, timestampNs);
      const { changes } = this.#file.insert.run(
        id,
        key,
        ts,
        message,
        crc32(message),
        kind,
        source,
        now,
        rank,
      );
      if (changes === 0) continue;
      events++;
      bytes += message.length;
    }
    const removed = this.#makeRoom(now);
    if (removed.events > 0 || this.#droppedUnsaved) this.#saveDropped(removed.dropped);
    return { events: events - removed.events, bytes: bytes - removed.bytes, dropped: removed.dropped };
  }

  /** After days without a hub the file is large, and soon it is empty. */
  #shrink(): void {
    if (this.#events > FEW_EVENTS || freePages(this.#db) <= FREE_PAGES) return;
    this.#db.exec(`PRAGMA incremental_vacuum(${FREE_PAGES})`);
  }

  /** After the commit: what is in the file now. */
  #keep({ events, bytes, dropped }: Committed): void {
    this.#events += events;
    this.#bytes += bytes;
    this.#dropped = dropped;
    this.#droppedUnsaved = false;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#leaving = 0;
    this.#writtenTo = this.#lastId;
  }

  /** Everything up to this id is. */
  #isDurable(upTo: number): void {
    this.#committedTo = upTo;
    if (!this.#db.isOpen) return;
    if (this.#problem === undefined) return;
    // What could not be counted meanwhile is counted anew.
    ({ events: this.#events, bytes: this.#bytes } = this.#measure(`id > ${this.#acknowledgedTo}`));
    this.#problem = undefined;
  }

  #cannot(be: 'read' | 'written', error: unknown): void {
    this.#problem = `the outbox cannot be ${be}: ${errorMessage(error)}`;
  }

  /** At the bound the oldest rows of the least important class go, until there is room again. */
  #makeRoom(now: number): Committed {
    const dropped = new Map(this.#dropped);
    let events = 0;
    let bytes = 0;
    while (usedBytes(this.#db) > this.#options.maxBytes) {
      const { rank } = this.#one('SELECT MIN(rank) AS rank FROM wal');
      if (typeof rank !== 'number') break;
      const oldest = `SELECT id FROM wal WHERE rank = ${rank} ORDER BY id LIMIT ${REMOVE_ROWS}`;
      const gone = this.#measure(`id IN (${oldest})`);
      this.#db.exec(`DELETE FROM wal WHERE id IN (${oldest})`);
      count(dropped, this.#options.classes[rank]!, gone.events, now);
      events += gone.events;
      bytes += gone.bytes;
    }
    return { events, bytes, dropped };
  }

  /** The same for what waits in memory while the disk takes nothing: until half of it is free. */
  #dropPending(): void {
    const { classes, clock, maxPendingBytes } = this.#options;
    for (const [rank, name] of classes.entries()) {
      const before = this.#pending.length;
      this.#pending = this.#pending.filter((record) => {
        if (record.rank !== rank || this.#pendingBytes <= maxPendingBytes / 2) return true;
        this.#pendingBytes -= record.bytes.length;
        return false;
      });
      const gone = before - this.#pending.length;
      if (gone === 0) continue;
      count(this.#dropped, name, gone, clock.now());
      this.#droppedUnsaved = true;
    }
  }

  #saveDropped(dropped: ReadonlyMap<string, Dropped>): void {
    const save = this.#db.prepare(
      'INSERT OR REPLACE INTO wal_dropped (class, count, last_at) VALUES (?, ?, ?)',
    );
    for (const one of dropped.values()) save.run(one.class, one.count, one.lastAt);
  }

  /** Rows for which this holds, and the bytes of their messages. */
  #measure(condition: string): { events: number; bytes: number } {
    const { events, bytes } = this.#one(
      `SELECT COUNT(*) AS events, TOTAL(LENGTH(bytes)) AS bytes FROM wal WHERE ${condition}`,
    );
    return { events: events!, bytes: bytes! };
  }

  #one(sql: string): Record<string, number | null> {
    return this.#db.prepare(sql).get() as Record<string, number | null>;
  }
}

/** What a commit brings: rows and bytes more than before, and all that was ever dropped. */
interface Committed {
  readonly events: number;
  readonly bytes: number;
  readonly dropped: Map<string, Dropped>;
}

function count(dropped: Map<string, Dropped>, name: string, more: number, lastAt: number): void {
  dropped.set(name, { class: name, count: (dropped.get(name)?.count ?? 0) + more, lastAt });
}
