import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { Means } from '../../lib/means.ts';
import { printable, truncate } from '../../lib/text.ts';
import type { Timers } from '../../lib/timers.ts';
import type { Anomaly } from '../../model/anomaly.ts';
import type { Breach } from '../../model/breach.ts';
import type { Loss } from '../../model/coverage.ts';
import type { Incident } from '../../model/incident.ts';
import type { Series, Tick } from '../../model/metric.ts';
import type { OtlpStatus } from '../../model/status.ts';
import { type Family, familiesOf } from '../family.ts';
import type { ClientOptions } from './client.ts';
import { anomalyRecord, breachRecord, incidentRecord, type LogRecord } from './log-records.ts';
import { Sender, type Sent } from './sender.ts';

/** All metrics of one interval; times in ms since the epoch. */
export interface Report {
  readonly from: number;
  readonly at: number;
  /** Since when counters count. */
  readonly startedAt: number;
  readonly families: readonly Family[];
}

/** What sends: OpenTelemetry's exporters, or a test's. */
export interface OtlpClient {
  sendReports(reports: readonly Report[]): Promise<Sent>;
  sendRecords(records: readonly LogRecord[]): Promise<Sent>;
  close(): void;
}

export interface OtlpOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  readonly endpoint: string;
  readonly intervalMs: number;
  readonly metrics: boolean;
  readonly logs: boolean;
  readonly client: (onRejected: ClientOptions['onRejected']) => OtlpClient;
  /** What Homeostat tells of itself now. */
  readonly own: () => readonly Family[];
}

/** Reports that may wait: an hour of the usual interval, about a megabyte. */
const MOST_REPORTS = 60;
const MOST_RECORDS = 1000;
const RECORDS_TOGETHER = 100;
/** What is under way at the end may take so long, ms. */
const END_WITHIN_MS = 2000;

type Lost = Extract<Loss['what'], 'metrics not exported' | 'findings not exported'>;

/** Metrics each interval, findings as they come, to an endpoint that speaks OTLP. Nothing here waits for it. */
export class Otlp {
  readonly #options: OtlpOptions;
  readonly #client: OtlpClient;
  readonly #startedAt: number;
  readonly #means = new Means<Series>();
  readonly #losses = new Map<Lost, Loss>();
  readonly #reports: Sender<Report>;
  readonly #records: Sender<LogRecord>;
  #from: number;
  #callOff: (() => void) | undefined;

  constructor(options: OtlpOptions) {
    const { clock, client } = options;
    this.#options = options;
    this.#startedAt = clock.now();
    this.#from = this.#startedAt;
    this.#client = client((what) => this.#rejected(what));
    this.#reports = this.#sender('metrics', MOST_REPORTS, 1, 'metrics not exported', (items) =>
      this.#client.sendReports(items),
    );
    this.#records = this.#sender(
      'findings',
      MOST_RECORDS,
      RECORDS_TOGETHER,
      'findings not exported',
      (items) => this.#client.sendRecords(items),
    );
  }

  start(): void {
    if (this.#options.metrics) this.#plan();
  }

  tick(tick: Tick): void {
    if (!this.#options.metrics) return;
    for (const { series, value } of tick.metrics) this.#means.add(series, value);
  }

  anomaly(anomaly: Anomaly): void {
    if (this.#options.logs) this.#records.push(anomalyRecord(anomaly, this.#options.clock.now()));
  }

  breach(breach: Breach): void {
    if (this.#options.logs) this.#records.push(breachRecord(breach, this.#options.clock.now()));
  }

  incident(incident: Incident): void {
    if (this.#options.logs) this.#records.push(incidentRecord(incident, this.#options.clock.now()));
  }

  status(): OtlpStatus {
    const problem = this.#reports.problem ?? this.#records.problem;
    return {
      endpoint: this.#options.endpoint,
      ...{ metrics: this.#reports.figures(), findings: this.#records.figures() },
      problem: problem === undefined ? undefined : shortened(problem),
    };
  }

  losses(): readonly Loss[] {
    return [...this.#losses.values()];
  }

  /** Tells what is not told yet, if that can be done in a moment. */
  async stop(): Promise<void> {
    this.#callOff?.();
    if (this.#options.metrics) this.#report();
    const { timers } = this.#options;
    let callOff = (): void => {};
    const late = new Promise<void>((resolve) => {
      callOff = timers.after(END_WITHIN_MS, resolve);
    });
    await Promise.race([Promise.all([this.#reports.stop(), this.#records.stop()]), late]);
    callOff();
    this.#client.close();
    const { waiting } = this.#records.figures();
    if (waiting > 0) this.#options.log.warn(`${waiting} findings were not exported before the end`);
  }

  #plan(): void {
    const { timers, intervalMs } = this.#options;
    this.#callOff = timers.after(intervalMs, () => {
      this.#report();
      this.#plan();
    });
  }

  #report(): void {
    const metrics = this.#means.take().map(([series, value]) => ({ series, value }));
    if (metrics.length === 0) return;
    const at = this.#options.clock.now();
    const families = [...familiesOf(metrics), ...this.#options.own()];
    this.#reports.push({ from: this.#from, at, startedAt: this.#startedAt, families });
    this.#from = at;
  }

  #sender<T>(
    name: string,
    most: number,
    together: number,
    what: Lost,
    send: (items: readonly T[]) => Promise<Sent>,
  ): Sender<T> {
    const { timers, random, log, endpoint } = this.#options;
    return new Sender<T>({
      ...{ timers, random, most, together, send },
      onLost: (items, why) => this.#lose(what, why, items.length),
      onProblem: (why) => {
        if (why === undefined) log.info(`${name} are exported to ${endpoint} again`);
        else log.warn(`${name} cannot be exported to ${endpoint}: ${shortened(why)}`);
      },
    });
  }

  /** The endpoint says how many in words of its own; what it says is kept. */
  #rejected(answer: string): void {
    const [, points] = /rejectedDataPoints"?:"?(\d+)/.exec(answer) ?? [];
    const [, records] = /rejectedLogRecords"?:"?(\d+)/.exec(answer) ?? [];
    const why = 'the endpoint took only a part';
    if (Number(points ?? 0) > 0) this.#lose('metrics not exported', why, 1);
    if (Number(records ?? 0) > 0) this.#lose('findings not exported', why, Number(records));
    this.#options.log.warn(`${this.#options.endpoint} took only a part: ${shortened(answer)}`);
  }

  #lose(what: Lost, why: string, count: number): void {
    const before = this.#losses.get(what)?.count ?? 0;
    const lastAt = this.#options.clock.now();
    this.#losses.set(what, { what, why: shortened(why), count: before + count, lastAt });
  }
}

/** An endpoint may say anything. */
const shortened = (text: string): string => truncate(printable(text), 200);
