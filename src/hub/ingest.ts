import { AGENT_EVENT, readAgentEvent } from '../bus/agent-event.ts';
import type { Fleet, Place } from '../fleet/fleet.ts';
import { errorMessage } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { isHostName } from '../model/host.ts';
import { type KeptRecord, LogReader } from '../wal/log-reader.ts';

/** Records of a slice, and no further one is begun when so much of it is over, ms: an answer of the bus waits for it. */
const SLICE = 64;
const SLICE_MS = 2;
/** A slice that took longer to apply is followed by smaller ones, ms: what a host tells may cost far more than usual. */
const APPLY_MS = 20;
/** Between two slices, while the bus is busy, and when all was read, ms. */
const PAUSE_MS = 1;
const BUSY_PAUSE_MS = 20;
const IDLE_PAUSE_MS = 250;
/** After a slice that failed, a full disk say, ms. */
const FAILED_PAUSE_MS = 1000;
/** What a power loss may have taken from the histories is read again, ms. */
const REREAD_MS = 180_000;

export interface IngestOptions {
  /** The log's file. */
  readonly path: string;
  readonly fleet: Pick<Fleet, 'cursor' | 'take'>;
  /** Others may send events as agents do, and do not become hosts by it. */
  readonly isHost: (name: string) => boolean;
  /** The log takes a lot now: its clients come first, and what it took is there for later. */
  readonly isBusy: () => boolean;
  readonly log: Log;
}

/** From the hub's log to what is known of its hosts: in order, from where it was, in slices beside the bus. */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #reader: LogReader;
  #after: number;
  #records: Generator<KeptRecord>;
  #timer: NodeJS.Timeout | undefined;
  #caughtUp = false;
  /** The last record that was there at the start. */
  readonly #begunAt: number;
  #unreadable = 0;
  /** Records of the next slice. */
  #size = SLICE;
  #problem: string | undefined;

  /** Throws UserError where the log cannot be opened. */
  constructor(options: IngestOptions) {
    this.#options = options;
    this.#reader = new LogReader(options.path);
    this.#after = this.#firstUnread();
    this.#begunAt = this.#reader.stats().lastId ?? 0;
    this.#records = this.#reader.records(this.#after, {}, SLICE);
  }

  start(): void {
    this.#timer = setTimeout(() => this.#run(), 0);
  }

  /** All that is in the log was applied. */
  get caughtUp(): boolean {
    return this.#caughtUp;
  }

  /** All that was in the log at the start was applied. */
  get resumed(): boolean {
    return this.#after >= this.#begunAt;
  }

  /** Events of agents that say nothing that this version knows, or come from a client that is no host. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** The last record that was applied. */
  get applied(): number {
    return this.#after;
  }

  /** Nothing is applied any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#reader.close();
  }

  #run(): void {
    this.#timer = setTimeout(() => this.#run(), this.#trySlice());
  }

  /** How long the next slice is to wait, ms. What could not be applied is tried again. */
  #trySlice(): number {
    try {
      this.#slice();
      this.#problem = undefined;
    } catch (error) {
      const problem = errorMessage(error);
      if (problem !== this.#problem)
        this.#options.log.warn(`events cannot be applied to the hosts: ${problem}`);
      this.#problem = problem;
      this.#caughtUp = false;
      this.#records = this.#reader.records(this.#after, {}, SLICE);
      return FAILED_PAUSE_MS;
    }
    if (this.#caughtUp) return IDLE_PAUSE_MS;
    return this.#options.isBusy() ? BUSY_PAUSE_MS : PAUSE_MS;
  }

  #slice(): void {
    const events = [];
    let last = this.#after;
    let unreadable = 0;
    let read: Place | undefined;
    this.#caughtUp = false;
    const end = performance.now() + SLICE_MS;
    for (let count = 0; count < this.#size && performance.now() < end; count++) {
      const { value: record, done } = this.#records.next();
      if (done) {
        this.#caughtUp = true;
        break;
      }
      this.#noteGap(last, record.id);
      const { id, key, receivedAt, source, kind, bytes } = record;
      last = id;
      read = { id, key, receivedAt };
      if (kind !== AGENT_EVENT) continue;
      const event = isHostName(source) && this.#options.isHost(source) ? readAgentEvent(bytes) : undefined;
      if (event) events.push({ ...read, host: source, event });
      else unreadable++;
    }
    const began = performance.now();
    if (read) this.#options.fleet.take(events, read);
    this.#size =
      performance.now() - began > APPLY_MS ? Math.ceil(this.#size / 4) : Math.min(SLICE, 2 * this.#size);
    this.#after = last;
    this.#unreadable += unreadable;
    if (this.#caughtUp) this.#records = this.#reader.records(this.#after, {}, SLICE);
  }

  /** What the log had to remove at its bound before it was applied is in no history. */
  #noteGap(before: number, id: number): void {
    const missed = id - before - 1;
    if (missed > 0 && before > 0)
      this.#options.log.warn(
        `${missed} records were removed from the log before they were applied to the hosts`,
      );
  }

  #firstUnread(): number {
    const cursor = this.#options.fleet.cursor();
    if (!cursor) return 0;
    const [at] = this.#reader.records(cursor.id - 1, { lastId: cursor.id });
    const { lastId = 0 } = this.#reader.stats();
    // A log that was emptied counts from one again.
    if (at ? at.key !== cursor.key : cursor.id > lastId) return 0;
    if (cursor.clean) return cursor.id;
    for (const { id } of this.#reader.records(0, { receivedFrom: cursor.receivedAt - REREAD_MS }))
      return Math.min(id - 1, cursor.id);
    return cursor.id;
  }
}
