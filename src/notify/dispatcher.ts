import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { systemTimers, type Timers } from '../lib/timers.ts';
import type { Loss } from '../model/coverage.ts';
import type { Decision, Incident, Notice } from '../model/incident.ts';
import { Budget } from './budget.ts';
import { ChannelWorker } from './channel-worker.ts';
import type { DeliveryEntry, DeliveryFile } from './delivery-file.ts';
import type { Advice, Notifier } from './notifier.ts';
import { targetsOf } from './router.ts';
import type { ChannelSettings, NotifySettings } from './settings.ts';

export interface DispatcherOptions {
  readonly settings: NotifySettings;
  /** By name, one for each channel of the settings. */
  readonly notifiers: ReadonlyMap<string, Notifier>;
  readonly file: DeliveryFile;
  readonly clock: Clock;
  readonly log: Log;
  readonly timers?: Timers;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** Where a person finds the incident. */
  readonly link: (incident: Incident) => string | undefined;
  readonly advice?: (incident: Incident) => readonly Advice[];
  /** An incident as it is now: what has closed while its notice waited is not told as if it were open. */
  readonly current?: (id: string) => Incident | undefined;
  /** Who was told of an incident, and who could not be. */
  readonly onDecision: (incident: string, decision: Decision) => void;
}

const HOUR_MS = 3_600_000;
/** What waits for a channel is told one by one up to so many. */
const APART = 5;
const GRACE_MS = 3000;

/** Notices in; each channel that a route names is told, now or as soon as it can be, also after a restart. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #workers: ReadonlyMap<string, ChannelWorker>;
  readonly #losses = new Map<string, Loss>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { file, notifiers, settings, clock, log } = options;
    const [pending, told] = [file.pending(), file.told()];
    // A channel that the settings no longer have cannot be told any more.
    const orphans = pending.filter(({ channel }) => !notifiers.has(channel));
    if (orphans.length > 0) {
      file.save({ drop: orphans });
      log.warn(`${orphans.length} notices were for channels that are no longer configured`);
    }
    this.#workers = new Map(
      [...notifiers].map(([name, notifier]) => {
        const channel = settings.channels![name]!;
        const worker = new ChannelWorker({
          ...{ notifier, clock, ...paceOf(channel), timeoutMs: channel.timeout },
          ...{ timers: options.timers ?? systemTimers, random: options.random ?? Math.random },
          budget: this.#budget(name, channel),
          pending: pending.filter((one) => one.channel === name),
          told: told.filter((one) => one.channel === name),
          prepare: (notice, thread) => ({
            ...{ notice, thread, link: options.link(notice.incident) },
            advice: options.advice?.(notice.incident) ?? [],
          }),
          refresh: (notice) => this.#refresh(notice),
          save: (change) => file.save(change),
          report: (entry, notice) => this.#report(entry, notice),
          warn: (message) => log.warn(message),
        });
        return [name, worker];
      }),
    );
  }

  start(): void {
    for (const worker of this.#workers.values()) worker.start();
  }

  /** Never throws and never waits. Who was told that something began is told of its end too, whatever the routes say by then. */
  tell(notice: Notice): void {
    const targets = targetsOf(notice, this.#options.settings);
    for (const { channel, repeatMs } of targets) this.#workers.get(channel)?.push(notice, repeatMs);
    if (targets.length === 0) this.#decide(notice, { at: notice.at, told: false, why: 'no route is for it' });
    if (notice.what !== 'closed') return;
    const routed = new Set(targets.map(({ channel }) => channel));
    for (const [name, worker] of this.#workers)
      if (!routed.has(name) && worker.knows(notice.incident.id)) worker.push(notice);
  }

  /** What could not be told since the start, by channel. */
  losses(): readonly Loss[] {
    const { lost, problem } = this.#options.file;
    const why = `deliveries could not be kept: ${problem ?? 'the disk took nothing for a while'}`;
    const unkept: Loss[] =
      lost > 0 ? [{ what: 'events not logged', why, count: lost, lastAt: this.#options.clock.now() }] : [];
    return [...this.#losses.values(), ...unkept];
  }

  /** A few seconds for what waits; the rest is told after the next start. */
  async stop(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop(GRACE_MS)));
    this.#options.file.close();
  }

  #budget(name: string, channel: ChannelSettings): Budget {
    if (!('per_hour' in channel)) return new Budget(Number.POSITIVE_INFINITY, []);
    const { clock, file } = this.#options;
    const ahead = clock.monotonic() - clock.now();
    return new Budget(
      channel.per_hour,
      file.sentSince(name, clock.now() - HOUR_MS).map((at) => Math.min(at, clock.now()) + ahead),
    );
  }

  #refresh(notice: Notice): Notice {
    let now: Incident | undefined;
    try {
      now = this.#options.current?.(notice.incident.id);
    } catch {
      // As it was when it was told is better than nothing.
    }
    if (now?.state !== 'closed' || notice.what === 'closed') return notice;
    return { what: 'closed', at: now.closedAt ?? notice.at, incident: now };
  }

  #report(entry: DeliveryEntry, notice: Notice): void {
    const { log } = this.#options;
    const { channel, outcome, why, tries } = entry;
    const fields = { channel, incident: entry.incident, what: entry.what, tries };
    if (outcome === 'sent') log.info(`${channel} was told${why === undefined ? '' : `; ${why}`}`, fields);
    else log.warn(`${channel}: ${DONE[outcome]}: ${why}`, fields);
    if (outcome === 'failed' || outcome === 'dropped') this.#count(entry);
    // Of all that follow only how it ended is news.
    if (outcome === 'retry' && tries > 1) return;
    const text = outcome === 'sent' ? `told by ${channel}` : `${channel} ${DONE[outcome]}: ${why}`;
    this.#decide(notice, { at: entry.at, told: outcome === 'sent', why: text });
  }

  /** Whoever handed the notice over may still be at it. */
  #decide({ what, incident }: Notice, decision: Omit<Decision, 'what'>): void {
    queueMicrotask(() => this.#options.onDecision(incident.id, { ...decision, what }));
  }

  #count({ channel, at, why }: DeliveryEntry): void {
    const count = (this.#losses.get(channel)?.count ?? 0) + 1;
    this.#losses.set(channel, { what: 'notices not told', why: `${channel}: ${why}`, count, lastAt: at });
  }
}

const DONE = { retry: 'not reached yet', failed: 'refused', dropped: 'gave up' } as const;

/** An Alertmanager knows what is open, not what happened: it is told all at once and again, and does its own counting. */
const paceOf = (channel: ChannelSettings): { readonly apart: number; readonly resendMs?: number } =>
  channel.type === 'alertmanager' ? { apart: 1, resendMs: channel.resend } : { apart: APART };
