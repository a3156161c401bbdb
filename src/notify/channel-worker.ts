import { Backoff } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import { printable } from '../lib/text.ts';
import type { Timers } from '../lib/timers.ts';
import type { Notice } from '../model/incident.ts';
import type { Budget } from './budget.ts';
import type { Change, DeliveryEntry, Pending, ToldOf } from './delivery-file.ts';
import type { Notifier, Outcome, Told } from './notifier.ts';

export interface WorkerOptions {
  readonly notifier: Notifier;
  readonly budget: Budget;
  /** One try may take so long, ms. */
  readonly timeoutMs: number;
  /** When more than so many wait, all of them are told together. */
  readonly apart: number;
  /** What is open is told again so often, ms, outside of queue and budget. */
  readonly resendMs?: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** What an earlier run left. */
  readonly pending: readonly Pending[];
  readonly told: readonly ToldOf[];
  readonly prepare: (notice: Notice, thread: string | undefined) => Told;
  /** The same notice, or what became of its incident meanwhile. */
  readonly refresh: (notice: Notice) => Notice;
  readonly save: (change: Change) => void;
  readonly report: (entry: DeliveryEntry, notice: Notice) => void;
  readonly warn: (message: string) => void;
}

const BACKOFF = { baseMs: 2000, capMs: 10 * 60_000 } as const;
/** What could not be told in a day is no news any more. */
const GIVE_UP_MS = 24 * 3_600_000;
/** Notices that may wait for one channel. */
const MOST_PENDING = 200;
const MOST_TOGETHER = 100;
const MOST_TOLD = 500;

interface Waiting extends Pending {
  /** Monotonic, ms: the wall clock may jump while something waits. */
  readonly since: number;
}

/**
 * One channel: what waits for it, one try at a time, each with an end. Nothing here ever waits for another channel, and nobody who hands it
 * a notice waits for it.
 */
export class ChannelWorker {
  readonly #options: WorkerOptions;
  readonly #backoff: Backoff;
  /** By incident, in the order in which they came. */
  readonly #pending = new Map<string, Waiting>();
  readonly #told = new Map<string, ToldOf>();
  readonly #stop = new AbortController();
  #stopping = false;
  #running: Promise<void> | undefined;
  /** Monotonic, ms. */
  #notBefore = 0;
  /** The budget was used up while something waited, or it was held back before: that is told together. */
  #held = false;
  #cancel: (() => void) | undefined;
  #cancelResend: (() => void) | undefined;
  #resendProblem: string | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ ...BACKOFF, random: options.random });
    const { clock, pending, told } = options;
    for (const one of pending) {
      const age = within(clock.now() - one.queuedAt, GIVE_UP_MS);
      this.#pending.set(one.notice.incident.id, { ...one, since: clock.monotonic() - age });
      const wait = within(one.notBefore - clock.now(), GIVE_UP_MS);
      this.#notBefore = Math.max(this.#notBefore, clock.monotonic() + wait);
      if (one.notice.together) this.#held = true;
    }
    for (const one of told) this.#told.set(one.incident, one);
  }

  start(): void {
    this.#arm();
    this.#armResend();
  }

  /** Whether this channel was told that the incident is open, and not yet that it is over. */
  knows(incident: string): boolean {
    return (this.#told.get(incident)?.isOpen ?? false) || this.#pending.has(incident);
  }

  /** To be told as soon as it can be. `repeatMs`: a reminder comes at most so often. */
  push(notice: Notice, repeatMs?: number): void {
    const { clock, save } = this.#options;
    const { id } = notice.incident;
    const told = this.#told.get(id);
    if (notice.what === 'reminder' && told && clock.now() - told.toldAt < (repeatMs ?? 0)) return;
    const known = this.#pending.get(id);
    const fresh = { channel: this.#options.notifier.name, queuedAt: clock.now(), tries: 0, notBefore: 0 };
    const waiting = {
      ...(known ?? { ...fresh, since: clock.monotonic() }),
      notice: joined(known?.notice, notice),
    };
    this.#pending.set(id, waiting);
    save({ put: [waiting] });
    if (notice.together) this.#held = true;
    if (this.#pending.size > MOST_PENDING) this.#dropOne();
    this.#arm();
  }

  /** Gives what is due `graceMs` to be told, breaks off what is under way then, and keeps the rest for the next run. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#cancel?.();
    this.#cancelResend?.();
    const grace = this.#options.timers.after(graceMs, () => this.#stop.abort());
    while (!this.#stop.signal.aborted && (this.#running || this.#delay() <= 0)) {
      if (!this.#running) this.#run();
      await this.#running;
    }
    grace();
    this.#stop.abort();
    await this.#running;
  }

  /** Nothing is sent by whoever hands over a notice: he would have to wait until it is written. */
  #arm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#running || this.#stopping || this.#pending.size === 0) return;
    this.#cancel = this.#options.timers.after(Math.max(0, this.#delay()), () => {
      if (this.#delay() > 0) this.#arm();
      else this.#run();
    });
  }

  /** Until the next message may go, ms; zero or less: now. */
  #delay(): number {
    if (this.#pending.size === 0) return Number.POSITIVE_INFINITY;
    const { budget, clock } = this.#options;
    const now = clock.monotonic();
    const free = budget.freeAt(now);
    if (free > now) this.#held = true;
    return Math.max(this.#notBefore, free) - now;
  }

  #run(): void {
    this.#running = this.#work().finally(() => {
      this.#running = undefined;
      this.#arm();
    });
  }

  async #work(): Promise<void> {
    const { clock } = this.#options;
    this.#expire();
    const batch = this.#take();
    if (batch.length === 0) return;
    const [at, started] = [clock.now(), clock.monotonic()];
    const outcome = await this.#attempt(batch.map(({ notice }) => notice));
    // Broken off by the end of the program: it counts as no try.
    if (this.#stop.signal.aborted && outcome.kind === 'retry') this.#giveBack(batch);
    else this.#settle(batch, outcome, { at, durationMs: Math.round(clock.monotonic() - started) });
  }

  /** What is told in the next message, which no longer waits. */
  #take(): Waiting[] {
    const { apart, refresh } = this.#options;
    const inTurn = [...this.#pending.values()].sort((one, other) => one.tries - other.tries);
    const together = this.#held || inTurn.length > apart;
    const batch = inTurn.slice(0, together ? MOST_TOGETHER : 1);
    for (const { notice } of batch) this.#pending.delete(notice.incident.id);
    return batch.map((one) => ({ ...one, notice: refresh(one.notice) }));
  }

  /** Ends after `timeoutMs` at the latest, whatever the notifier does. */
  async #attempt(notices: readonly Notice[]): Promise<Outcome> {
    const { notifier, prepare, timeoutMs, timers } = this.#options;
    const late = new AbortController();
    const cancel = timers.after(timeoutMs, () =>
      late.abort(new Error(`no answer within ${Math.round(timeoutMs / 1000)} s`)),
    );
    const signal = AbortSignal.any([late.signal, this.#stop.signal]);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    try {
      const told = notices.map((notice) => prepare(notice, this.#told.get(notice.incident.id)?.thread));
      return await Promise.race([notifier.notify(told, signal), aborted]);
    } catch (error) {
      return { kind: 'retry', why: printable(errorMessage(error)) };
    } finally {
      cancel();
    }
  }

  #settle(
    batch: readonly Waiting[],
    outcome: Outcome,
    facts: Pick<DeliveryEntry, 'at' | 'durationMs'>,
  ): void {
    const { budget, clock } = this.#options;
    const why = outcome.kind === 'sent' ? outcome.note : outcome.why;
    const entries = batch.map((one) => ({
      ...entryOf(one, outcome.kind, { ...facts, tries: one.tries + 1, ...(why !== undefined && { why }) }),
      ...(batch.length > 1 && { together: batch.length }),
    }));
    if (outcome.kind === 'retry') {
      const wait = Math.min(GIVE_UP_MS, this.#backoff.next(outcome.afterMs));
      this.#notBefore = clock.monotonic() + wait;
      const tried = batch.map((one) => ({ ...one, tries: one.tries + 1, notBefore: clock.now() + wait }));
      this.#giveBack(tried, entries);
    } else {
      if (outcome.kind === 'sent') {
        this.#backoff.reset();
        this.#held = false;
        budget.spend(clock.monotonic());
      }
      const told =
        outcome.kind === 'sent' ? batch.map(({ notice }) => this.#remember(notice, outcome.threads)) : [];
      // What came meanwhile has the same place in the file.
      const drop = batch.filter(({ notice }) => !this.#pending.has(notice.incident.id));
      this.#options.save({ drop, told, log: entries });
    }
    for (const [place, entry] of entries.entries()) this.#options.report(entry, batch[place]!.notice);
  }

  #remember({ what, at, incident }: Notice, threads: ReadonlyMap<string, string> | undefined): ToldOf {
    const { notifier, clock, resendMs } = this.#options;
    const thread = threads?.get(incident.id) ?? this.#told.get(incident.id)?.thread;
    const told: ToldOf = {
      ...{ channel: notifier.name, incident: incident.id, toldAt: clock.now() },
      isOpen: what !== 'closed',
      ...(thread !== undefined && { thread }),
      ...(resendMs !== undefined && what !== 'closed' && { notice: { what, at, incident } }),
    };
    this.#told.delete(incident.id);
    this.#told.set(incident.id, told);
    if (this.#told.size > MOST_TOLD) this.#forgetOne();
    this.#armResend();
    return told;
  }

  /** The one that was told of longest ago, of those that are over. */
  #forgetOne(): void {
    const [oldest] = [...this.#told.values()].filter(({ isOpen }) => !isOpen);
    if (oldest) this.#told.delete(oldest.incident);
  }

  #giveBack(batch: readonly Waiting[], log: readonly DeliveryEntry[] = []): void {
    const put = batch.map((one) => {
      const later = this.#pending.get(one.notice.incident.id);
      return later ? { ...one, notice: joined(one.notice, later.notice) } : one;
    });
    for (const one of put) this.#pending.set(one.notice.incident.id, one);
    this.#options.save({ put, log });
  }

  #expire(): void {
    const now = this.#options.clock.monotonic();
    for (const one of this.#pending.values())
      if (now - one.since >= GIVE_UP_MS) this.#drop(one, 'it could not be told within a day');
  }

  /** The least grave, of those the oldest. */
  #dropOne(): void {
    const rank = { LOW: 0, MEDIUM: 1, HIGH: 2 } as const;
    const [first] = [...this.#pending.values()].sort(
      (one, other) => rank[one.notice.incident.severity] - rank[other.notice.incident.severity],
    );
    if (first) this.#drop(first, `more than ${MOST_PENDING} waited for this channel`);
  }

  #drop(one: Waiting, why: string): void {
    this.#pending.delete(one.notice.incident.id);
    const facts = { at: this.#options.clock.now(), durationMs: 0, tries: one.tries, why };
    const entry = entryOf(one, 'dropped', facts);
    this.#options.save({ drop: [one], log: [entry] });
    this.#options.report(entry, one.notice);
  }

  #armResend(): void {
    const { resendMs, timers } = this.#options;
    if (resendMs === undefined || this.#cancelResend || this.#stopping) return;
    if (![...this.#told.values()].some(({ notice }) => notice)) return;
    this.#cancelResend = timers.after(resendMs, () => {
      this.#cancelResend = undefined;
      void this.#resend().finally(() => this.#armResend());
    });
  }

  /** What is open is told as it is now. It comes again anyway, so a failure is said once and nothing waits. */
  async #resend(): Promise<void> {
    const { refresh, warn, notifier } = this.#options;
    const open: Notice[] = [];
    for (const { notice } of this.#told.values()) {
      if (!notice) continue;
      const now = refresh(notice);
      if (now.what === 'closed') this.push(now);
      else open.push(now);
    }
    if (open.length === 0 || this.#running) return;
    const outcome = await this.#attempt(open);
    const problem = outcome.kind === 'sent' ? undefined : outcome.why;
    if (problem !== undefined && problem !== this.#resendProblem)
      warn(`${notifier.name}: not told again: ${problem}`);
    this.#resendProblem = problem;
  }
}

/** What a person who has heard of neither is told of both. */
function joined(earlier: Notice | undefined, later: Notice): Notice {
  const isNews = earlier?.what === 'opened' && later.what !== 'closed';
  return isNews ? { ...later, what: 'opened' } : later;
}

const within = (ms: number, most: number): number => Math.min(most, Math.max(0, ms));

function entryOf(
  { channel, notice }: Pending,
  outcome: DeliveryEntry['outcome'],
  facts: Pick<DeliveryEntry, 'at' | 'durationMs' | 'tries' | 'why'>,
): DeliveryEntry {
  const { id: incident, host, severity, sentence } = notice.incident;
  return { ...facts, channel, outcome, incident, what: notice.what, host, severity, sentence };
}
