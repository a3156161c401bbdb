import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Means } from '../lib/means.ts';
import type { Timers } from '../lib/timers.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { Coverage, Loss } from '../model/coverage.ts';
import type { Series, Tick } from '../model/metric.ts';
import type { ProcessScan } from '../model/process.ts';
import type { PublishStatus } from '../model/publish.ts';
import type { CredentialFiles, HubCredentials } from './credentials.ts';
import { Events, type MakeEvent, type SendingHost } from './events.ts';
import { ProcessChanges } from './process-changes.ts';
import type { Queue } from './queue.ts';
import { type Link, type LinkEvents, Sender } from './sender.ts';

export interface PublisherOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly queue: Queue;
  /** Bound of the queue's file, bytes. */
  readonly maxBytes: number;
  /** By its name at the hub. */
  readonly host: (name: string) => SendingHost;
  readonly credentials: Pick<CredentialFiles, 'read' | 'version'>;
  /** Opens a stream to the hub. */
  readonly open: (credentials: HubCredentials, events: LinkEvents) => Link;
  /** Of how much time the metrics' means are told, and how often all processes are, ms. */
  readonly metricsMs: number;
  readonly snapshotMs: number;
  readonly coverage: () => Coverage;
}

/** What was pushed is committed, and what was committed is sent, this often, ms. */
const BEAT_MS = 1000;
/** Renewed credentials are looked for this often, ms. */
const CREDENTIALS_EVERY_MS = 2000;
/** Other numbers in the coverage are told at most so often, ms; anything else of it at once. */
const COVERAGE_EVERY_MS = 60_000;
/** A clean stop waits so long for the hub, ms. */
const STOP_MS = 1500;

/**
 * Tells the hub what the agent finds. `tick`, `scan`, `anomaly` and `breach` only put into memory; once a second all of it is committed to the
 * queue in one go, and the sender sends what is committed.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  #events: Events;
  readonly #means = new Means<Series>();
  readonly #changes: ProcessChanges;
  readonly #sender: Sender;
  #credentials: HubCredentials;
  #version: string;
  #logId: string | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #metricsAt: number | undefined;
  #coverage = '';
  #coverageAt = Number.NEGATIVE_INFINITY;
  #callOff: () => void = () => {};

  /** Throws UserError where this host is not enrolled, or where others could read its key. */
  constructor(options: PublisherOptions) {
    const { clock, timers, random, log, queue, credentials, open, snapshotMs, host } = options;
    this.#options = options;
    this.#version = credentials.version();
    this.#credentials = credentials.read();
    this.#events = new Events(host(this.#credentials.name), queue.id);
    this.#changes = new ProcessChanges(snapshotMs);
    this.#sender = new Sender({
      ...{ queue, clock, timers, random, log },
      open: (events) => {
        this.#version = credentials.version();
        const { name } = this.#credentials;
        this.#credentials = credentials.read();
        if (this.#credentials.name !== name)
          this.#events = new Events(host(this.#credentials.name), queue.id);
        return open(this.#credentials, events);
      },
      onBegin: (logId) => {
        // A hub that lost its log, or another one, knows of no process: at the start all are told anyway.
        if (this.#logId !== undefined && this.#logId !== logId) this.#changes.wantSnapshot();
        this.#logId = logId;
        this.#push(this.#events.host('up', clock.now()));
        this.#commit();
      },
    });
  }

  start(): void {
    this.#sender.start();
    this.#beat();
  }

  tick(tick: Tick): void {
    const { metricsMs } = this.#options;
    for (const { series, value } of tick.metrics) this.#means.add(series, value);
    this.#metricsAt ??= tick.at;
    // Half a tick of tolerance, and a clock that was set back begins anew.
    const since = tick.at - this.#metricsAt;
    if (since >= 0 && since < metricsMs) return;
    this.#metricsAt = tick.at;
    const means = this.#means.take().map(([series, value]) => ({ series, value }));
    for (const event of this.#events.metrics(means, tick.at)) this.#push(event);
    this.#tellCoverage();
  }

  scan(scan: ProcessScan): void {
    for (const change of this.#changes.observe(scan)) this.#push(this.#events.process(change, scan.at));
  }

  anomaly(anomaly: Anomaly): void {
    this.#push(this.#events.anomaly(anomaly, this.#options.clock.now()));
  }

  breach(breach: Breach): void {
    this.#push(this.#events.breach(breach, this.#options.clock.now()));
  }

  /** What was dropped at the outbox's bound, for the coverage. */
  losses(): readonly Loss[] {
    const why = `the outbox was full while ${this.#credentials.address} was away`;
    return this.#options.queue.dropped().map(({ class: name, count, lastAt }) => ({
      ...{ what: 'events not published' as const, why: `${name}: ${why}`, count, lastAt },
    }));
  }

  status(): PublishStatus {
    const { queue, maxBytes } = this.#options;
    const { address, name, endsAt } = this.#credentials;
    return {
      ...{ hub: address, name, certificateEndsAt: endsAt },
      ...this.#sender.status(),
      waiting: { ...queue.waiting(), maxBytes },
      dropped: Object.fromEntries(queue.dropped().map((one) => [one.class, one.count])),
      outboxProblem: queue.problem(),
    };
  }

  /** Says that it ends on purpose, and waits a moment for the hub to take that. */
  async stop(): Promise<void> {
    this.#callOff();
    this.#push(this.#events.host('stopping', this.#options.clock.now()));
    // Waits no longer for the disk than for the hub.
    let callOff = (): void => {};
    const late = new Promise<void>((resolve) => {
      callOff = this.#options.timers.after(STOP_MS, resolve);
    });
    await Promise.race([this.#options.queue.commit(), late]);
    callOff();
    await this.#sender.stop(STOP_MS);
  }

  #beat(): void {
    this.#commit();
    this.#watchCredentials();
    this.#callOff = this.#options.timers.after(BEAT_MS, () => this.#beat());
  }

  #commit(): void {
    void this.#options.queue.commit().then(() => this.#sender.pump());
    this.#sender.pump();
  }

  #push(make: MakeEvent): void {
    this.#options.queue.push(make);
  }

  /** Renewed files are used on a new stream, without a restart; broken ones are not, until the present stream ends. */
  #watchCredentials(): void {
    const { clock, credentials, log } = this.#options;
    const now = clock.monotonic();
    if (now - this.#checkedAt < CREDENTIALS_EVERY_MS) return;
    this.#checkedAt = now;
    const version = credentials.version();
    if (version === this.#version) return;
    this.#version = version;
    try {
      credentials.read();
    } catch (error) {
      log.warn(`renewed credentials are not used: ${error instanceof Error ? error.message : error}`);
      return;
    }
    log.info('the credentials were renewed: a new stream begins with them');
    this.#sender.renew();
  }

  #tellCoverage(): void {
    const { clock, coverage } = this.#options;
    const now = coverage();
    const { healthy, collectors, losses, storeProblem } = now;
    const facts = JSON.stringify([
      ...[healthy, storeProblem, losses.map(({ what, why }) => [what, why])],
      collectors.map(({ outcome, error, blind }) => [outcome, error, blind]),
    ]).replaceAll(/\d+/g, '#');
    const counts = losses.reduce((sum, { count }) => sum + count, 0);
    const due = clock.monotonic() - this.#coverageAt >= COVERAGE_EVERY_MS;
    const state = `${facts} ${counts}`;
    if (state === this.#coverage || (!due && this.#coverage.startsWith(`${facts} `))) return;
    this.#coverage = state;
    this.#coverageAt = clock.monotonic();
    this.#push(this.#events.coverage(now, clock.now()));
  }
}
