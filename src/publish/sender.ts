import {
  type PublishResponse,
  PublishResponse_Status,
} from '../../proto/generated/homeostat/v1/telemetry.ts';
import { Backoff } from '../lib/backoff.ts';
import { CircuitBreaker } from '../lib/circuit-breaker.ts';
import type { Clock } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Timers } from '../lib/timers.ts';
import { ANSWER_WITHIN_MS, BREAKER_LONGEST_MS, type PublishStatus } from '../model/publish.ts';
import { encodeBatch } from './batch.ts';
import type { Queue } from './queue.ts';

/** A stream to the hub. */
export interface Link {
  send(batch: Uint8Array): void;
  /** Nothing more will be sent; the hub answers what it has and ends. */
  finish(): void;
  /** Ends it at once. */
  cut(): void;
}

export interface LinkEvents {
  answered(answer: PublishResponse): void;
  /** Once, for whatever reason. */
  ended(why: string): void;
}

export interface SenderOptions {
  readonly queue: Pick<Queue, 'read' | 'acknowledge' | 'acknowledgedTo' | 'committedTo'>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Opens a stream with the credentials as they are now. May throw. */
  readonly open: (events: LinkEvents) => Link;
  /** A stream began: the hub has granted its first credit, and named its log. */
  readonly onBegin: (logId: string) => void;
}

export type SenderStatus = Pick<
  PublishStatus,
  | 'state'
  | 'since'
  | 'problem'
  | 'nextTryAt'
  | 'breaker'
  | 'sent'
  | 'lastAcknowledgedAt'
  | 'rejected'
  | 'lastRejection'
>;

interface Batch {
  readonly sequence: number;
  readonly lastId: number;
  readonly events: number;
}

const BATCH_EVENTS = 500;
const BATCH_BYTES = 256 * 1024;
/** Batches without their answer: enough to keep a hub busy over a slow line, little enough to keep in memory. */
const IN_FLIGHT = 8;
const BACKOFF = { baseMs: 500, capMs: 30_000 };
const BREAKER = { failures: 5, openMs: 10_000, longestMs: BREAKER_LONGEST_MS };

/**
 * Sends the queue to the hub over one stream, in its order.
 *
 *     waiting --(back-off, breaker)--> connecting --(first credit)--> connected --(stream ends)--> waiting
 *
 * A batch is done when it is answered OK. At RETRY everything from that batch on is sent again, once the answers of
 * those behind it have come and the hub's hint is over. When a stream ends, whatever has no answer is sent again on the next.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #backoff: Backoff;
  readonly #breaker: CircuitBreaker;
  #link: Link | undefined;
  #state: SenderStatus['state'] = 'waiting';
  #since: number;
  #problem: string | undefined;
  #nextTryAt: number | undefined;
  #callOff: () => void = () => {};
  #stopped = false;
  /** No stream is to begin, and nothing to be sent, before the present one has ended by itself. */
  #finishing = false;
  #sequence = 0;
  #credit = 0;
  #inFlight: Batch[] = [];
  /** A batch was refused: the answers of those behind it do not count. */
  #refused = false;
  #pausedUntil = 0;
  /** The last id that was sent on this stream. */
  #sentTo = 0;
  /** Batches that may be in flight: one until the hub has taken one. */
  #window = 1;
  #events = 0;
  #bytes = 0;
  #rejected = 0;
  #lastRejection: string | undefined;
  #lastAcknowledgedAt: number | undefined;

  constructor(options: SenderOptions) {
    const { clock, random } = options;
    this.#options = options;
    this.#since = clock.now();
    this.#backoff = new Backoff({ ...BACKOFF, random });
    this.#breaker = new CircuitBreaker({ ...BREAKER, random, now: () => clock.monotonic() });
  }

  start(): void {
    this.#connect();
  }

  /** Sends what may be sent. To be called when something was committed. */
  pump(): void {
    if (this.#state !== 'connected' || this.#finishing || this.#refused || this.#isPaused()) return;
    const { queue } = this.#options;
    while (this.#inFlight.length < this.#window && this.#credit > 0) {
      const entries = queue.read(this.#sentTo, Math.min(BATCH_EVENTS, this.#credit), BATCH_BYTES);
      const last = entries.at(-1);
      if (!last) return;
      const sequence = ++this.#sequence;
      const batch = encodeBatch(sequence, entries);
      this.#credit -= entries.length;
      this.#sentTo = last.id;
      this.#bytes += batch.length;
      this.#inFlight.push({ sequence, lastId: last.id, events: entries.length });
      this.#link?.send(batch);
    }
  }

  /**
   * The credentials are new: the stream ends when what is in flight was answered, and another begins with them. Where there is
   * none, it is tried at once.
   */
  renew(): void {
    if (this.#state === 'waiting') this.#connect();
    if (this.#state !== 'connected' || this.#finishing) return;
    this.#finishing = true;
    this.#link?.finish();
    this.#arm(ANSWER_WITHIN_MS, () => this.#ended('the hub has not ended the stream'));
  }

  /** Sends on until everything committed is acknowledged, `graceMs` at most; then ends the stream. */
  async stop(graceMs: number): Promise<void> {
    const { queue, timers } = this.#options;
    this.pump();
    const done = (): boolean => this.#state !== 'connected' || queue.acknowledgedTo >= queue.committedTo;
    for (let left = graceMs; left > 0 && !done(); left -= 20)
      await new Promise<void>((resolve) => timers.after(20, resolve));
    this.#stopped = true;
    this.#ended('stopped');
  }

  status(): SenderStatus {
    return {
      state: this.#state,
      since: this.#since,
      problem: this.#problem,
      nextTryAt: this.#nextTryAt,
      breaker: this.#breaker.state,
      sent: { events: this.#events, bytes: this.#bytes },
      lastAcknowledgedAt: this.#lastAcknowledgedAt,
      rejected: this.#rejected,
      lastRejection: this.#lastRejection,
    };
  }

  #connect(): void {
    if (this.#stopped) return;
    this.#callOff();
    this.#nextTryAt = undefined;
    this.#become('connecting');
    // A stream that has ended may still say something: only the present one is listened to.
    const events: LinkEvents = {
      answered: (answer) => link === this.#link && this.#answered(answer),
      ended: (why) => link === this.#link && this.#ended(why),
    };
    let link: Link | undefined;
    try {
      link = this.#options.open(events);
    } catch (error) {
      this.#ended(errorMessage(error));
      return;
    }
    this.#link = link;
    this.#arm(ANSWER_WITHIN_MS, () => {
      this.#ended(`the hub has not answered within ${ANSWER_WITHIN_MS / 1000} s`);
    });
  }

  #answered(answer: PublishResponse): void {
    this.#credit += answer.credit;
    if (answer.sequence === 0n) this.#began(answer.logId);
    else this.#settle(answer);
    this.pump();
  }

  #began(logId: string): void {
    const { queue, log, onBegin } = this.#options;
    this.#callOff();
    this.#sequence = 0;
    this.#sentTo = queue.acknowledgedTo;
    this.#become('connected');
    log.info('the stream to the hub began');
    onBegin(logId);
  }

  #settle(answer: PublishResponse): void {
    const batch = this.#inFlight.shift();
    if (!batch || BigInt(batch.sequence) !== answer.sequence) {
      this.#ended(`the hub answered batch ${answer.sequence} where ${batch?.sequence ?? 'none'} was due`);
      return;
    }
    if (answer.status !== PublishResponse_Status.STATUS_OK) this.#refuse(answer);
    else if (!this.#refused) this.#accept(batch, answer);
    if (this.#refused && this.#inFlight.length === 0) this.#resume();
  }

  #accept({ lastId, events }: Batch, { rejections }: PublishResponse): void {
    const { queue, clock, log } = this.#options;
    queue.acknowledge(lastId);
    this.#events += events - rejections.length;
    this.#rejected += rejections.length;
    this.#lastAcknowledgedAt = clock.now();
    this.#window = IN_FLIGHT;
    this.#problem = undefined;
    this.#backoff.reset();
    this.#breaker.succeeded();
    const last = rejections.at(-1);
    if (!last) return;
    this.#lastRejection = last.reason;
    log.warn(`the hub will never take ${rejections.length} events: ${last.reason}`);
  }

  #refuse({ reason, backoffHintMs }: PublishResponse): void {
    this.#problem = `the hub asks to wait: ${reason}`;
    if (this.#refused) return;
    this.#refused = true;
    this.#window = 1;
    this.#breaker.failed();
    const wait = Math.max(this.#backoff.next(backoffHintMs), this.#breaker.waitMs());
    this.#pausedUntil = this.#options.clock.monotonic() + wait;
    this.#options.log.warn(this.#problem, { waitMs: Math.round(wait) });
  }

  /** Everything from the refused batch on is sent again when the pause is over. */
  #resume(): void {
    const { queue, clock } = this.#options;
    this.#refused = false;
    this.#sentTo = queue.acknowledgedTo;
    const wait = Math.max(0, this.#pausedUntil - clock.monotonic());
    this.#nextTryAt = clock.now() + wait;
    this.#arm(wait, () => {
      this.#nextTryAt = undefined;
      this.pump();
    });
  }

  #isPaused(): boolean {
    return this.#options.clock.monotonic() < this.#pausedUntil;
  }

  /** The stream is over, or never was: the next try comes later. */
  #ended(why: string): void {
    const { clock, log } = this.#options;
    const link = this.#link;
    const renewed = this.#finishing;
    this.#link = undefined;
    link?.cut();
    this.#callOff();
    this.#inFlight = [];
    this.#credit = 0;
    this.#window = 1;
    this.#refused = false;
    this.#finishing = false;
    this.#pausedUntil = 0;
    this.#become('waiting');
    if (this.#stopped) return;
    if (renewed) {
      this.#connect();
      return;
    }
    this.#breaker.failed();
    const wait = Math.max(this.#backoff.next(), this.#breaker.waitMs());
    if (this.#problem !== why) log.warn(`no stream to the hub: ${why}`);
    this.#problem = why;
    this.#nextTryAt = clock.now() + wait;
    this.#arm(wait, () => this.#connect());
  }

  #become(state: SenderStatus['state']): void {
    if ((state === 'connected') !== (this.#state === 'connected')) this.#since = this.#options.clock.now();
    this.#state = state;
  }

  /** One thing is waited for at a time. */
  #arm(ms: number, call: () => void): void {
    this.#callOff();
    this.#callOff = this.#options.timers.after(ms, call);
  }
}
