import { availableParallelism, hostname, release, totalmem, type } from 'node:os';
import type { Clock } from '../lib/clock.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Breach, Forecast } from '../model/breach.ts';
import type { Coverage } from '../model/coverage.ts';
import type { History } from '../model/history.ts';
import type { Incident } from '../model/incident.ts';
import type { IncidentArchive } from '../model/incident-archive.ts';
import type { LearningState } from '../model/learning.ts';
import type { Tick } from '../model/metric.ts';
import type { Process, ProcessScan } from '../model/process.ts';
import type { ProfilesAnswer } from '../model/profile.ts';
import type { PublishStatus } from '../model/publish.ts';
import type { Advice } from '../model/recommendation.ts';
import type { Band } from '../model/score.ts';
import type { AlarmState, OtlpStatus, ScoreNow, Status } from '../model/status.ts';
import type { LiveEvent, Source } from '../serve/source.ts';

/** What the hub asks of the agent beside it. */
export interface AgentView {
  readonly hostId: string;
  learning(): LearningState;
  coverage(): Coverage;
  intervals(): Status['intervals'];
  score(): ScoreNow | undefined;
  bands(): Readonly<Record<string, Band>>;
  processes(): ProcessScan | undefined;
  openAnomalies(): readonly Anomaly[];
  openIncidents(): readonly Incident[];
  openBreaches(): readonly Breach[];
  forecasts(): readonly Forecast[];
  advice(incident?: Incident): Advice;
  profiles(wanted?: string): ProfilesAnswer;
  alarms(): AlarmState;
  /** Undefined where nothing is published. */
  publish?(): PublishStatus | undefined;
  /** Undefined where nothing is sent by OTLP. */
  otlp?(): OtlpStatus | undefined;
}

export interface HubOptions {
  readonly clock: Clock;
  readonly version: string;
  readonly dataFolder: string;
  readonly history: History & { stats(): Status['store'] };
  readonly archive: IncidentArchive;
  readonly agent: AgentView;
}

/** How often the live stream carries the whole status. */
const STATUS_EVERY_MS = 5000;

/** What the dashboard and the command line see: the history, the agent's own state, and what happens now. */
export class Hub implements Source {
  readonly #options: HubOptions;
  readonly #startedAt: number;
  readonly #host: Status['host'];
  readonly #listeners = new Set<(event: LiveEvent) => void>();
  #lastSampleAt: number | undefined;
  #statusSentAt = Number.NEGATIVE_INFINITY;
  #cost = new OwnCost();

  constructor(options: HubOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#host = {
      name: hostname(),
      id: options.agent.hostId,
      os: type(),
      kernel: release(),
      cpus: availableParallelism(),
      memory: totalmem(),
    };
  }

  get history(): History {
    return this.#options.history;
  }

  get archive(): IncidentArchive {
    return this.#options.archive;
  }

  status(): Status {
    const { agent, clock, dataFolder, history, version } = this.#options;
    const publish = agent.publish?.();
    const otlp = agent.otlp?.();
    return {
      version,
      host: this.#host,
      startedAt: this.#startedAt,
      at: clock.now(),
      dataFolder,
      intervals: agent.intervals(),
      learning: agent.learning(),
      score: agent.score(),
      lastSampleAt: this.#lastSampleAt,
      openAnomalies: agent.openAnomalies().length,
      openIncidents: agent.openIncidents().length,
      limits: { open: agent.openBreaches() },
      alarms: agent.alarms(),
      coverage: agent.coverage(),
      store: history.stats(),
      ...(publish && { publish }),
      ...(otlp && { otlp }),
      self: { pid: process.pid, ...this.#cost.read(clock.monotonic()) },
    };
  }

  processes(): (ProcessScan & { readonly total: number }) | undefined {
    const scan = this.#options.agent.processes();
    return scan && { ...scan, total: scan.processes.length };
  }

  process(id: string): Process | undefined {
    return this.#options.agent.processes()?.processes.find((process) => process.id === id);
  }

  profiles(wanted?: string): ProfilesAnswer {
    return this.#options.agent.profiles(wanted);
  }

  forecasts(): readonly Forecast[] {
    return this.#options.agent.forecasts();
  }

  advice(incident?: Incident): Advice {
    return this.#options.agent.advice(incident);
  }

  bands(): Readonly<Record<string, Band>> {
    return this.#options.agent.bands();
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A tick was collected and, where there is a model, scored. */
  ticked(tick: Tick, score: ScoreNow | undefined): void {
    this.#lastSampleAt = tick.at;
    if (this.#listeners.size === 0) return;
    const values: Record<string, number> = {};
    for (const { series, value } of tick.metrics) values[series.key] = value;
    this.#send({ type: 'sample', at: tick.at, values, score });
    const now = this.#options.clock.monotonic();
    if (now - this.#statusSentAt < STATUS_EVERY_MS) return;
    this.#statusSentAt = now;
    this.#send({ type: 'status', status: this.status() });
  }

  scanned(scan: ProcessScan): void {
    this.#send({ type: 'processes', at: scan.at });
  }

  /** An anomaly opened, changed or closed. */
  raised(anomaly: Anomaly): void {
    this.#send({ type: 'anomaly', anomaly });
  }

  /** A limit was breached, a forecast made; or it is over. */
  breached(breach: Breach): void {
    this.#send({ type: 'breach', breach });
  }

  /** An incident opened, changed or closed, or it was decided whom to tell. */
  incident(incident: Incident): void {
    this.#send({ type: 'incident', incident });
  }

  #send(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** The daemon's own memory, and its CPU share since the last reading at least a few seconds ago. */
class OwnCost {
  #at: number | undefined;
  #cpuUs = 0;
  #share: number | undefined;

  /** `rss` in bytes, `cpu` as a share of one core. */
  read(now: number): { readonly rss: number; readonly cpu: number | undefined } {
    if (this.#at === undefined || now - this.#at >= STATUS_EVERY_MS) {
      const { user, system } = process.cpuUsage();
      if (this.#at !== undefined) this.#share = (user + system - this.#cpuUs) / 1000 / (now - this.#at);
      this.#at = now;
      this.#cpuUs = user + system;
    }
    return { rss: process.memoryUsage.rss(), cpu: this.#share };
  }
}
