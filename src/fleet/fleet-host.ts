import type { AgentEvent, HostEvent, MetricsEvent, ProcessLifeEvent } from '../model/agent-event.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { History } from '../model/history.ts';
import type { HostSummary } from '../model/host.ts';
import { parseSeriesKey, type Series, type Tick } from '../model/metric.ts';
import type { ListedProcess } from '../model/process.ts';
import { type Facts, learnInterval, summaryOf } from './facts.ts';
import { HUB_PREFIX } from './findings.ts';
import type { FleetFile, KeptProcesses } from './fleet-file.ts';
import type { Histories, HistoryStats } from './history.ts';

/** Series that one host may have: each is an object here for as long as the hub runs. */
const MOST_SERIES = 3000;
/** Anomalies of one host that are open at once. */
const MOST_OPEN = 200;
/** Anomalies of one host that are in the list of all hosts; its history has more. */
const MOST_ANOMALIES = 1000;
/** Reports that wait for the history; then they are written at once. */
const MOST_WAITING = 120;
/** A scan of all processes comes in parts; after so long by the host's clock it is whole, ms. */
const SNAPSHOT_MS = 120_000;
/** That a process ended is remembered for so long, for a scan that comes late, ms. */
const ENDED_MS = 6 * 3_600_000;
/** What is kept of a host's processes; what was told first goes. A list of all of them must fit into the hub's memory. */
export const MOST_PROCESSES: KeptProcesses = { count: 20_000, ended: 20_000, size: 16_000_000 };
/** They are counted only when there may be so many times as many: it takes some 20 ms. */
const PROCESSES_SLACK = 1.25;
const SCORE = 'homeostat.score';

/** What happened on a host. */
export type HostChange =
  | { readonly type: 'sample'; readonly at: number; readonly values: Readonly<Record<string, number>> }
  | { readonly type: 'processes'; readonly at: number }
  | { readonly type: 'anomaly'; readonly anomaly: Anomaly }
  | { readonly type: 'breach'; readonly breach: Breach };

export interface FleetHostOptions {
  readonly name: string;
  readonly facts: Facts;
  readonly file: FleetFile;
  readonly histories: Histories;
  /** Told once of what cannot be kept. */
  readonly warn: (message: string) => void;
  readonly onAnomaly?: (finding: Anomaly | Breach) => void;
}

/** One host: what it said is applied in order, and once more does no harm. */
export class FleetHost {
  readonly name: string;
  readonly facts: Facts;
  readonly #options: FleetHostOptions;
  readonly #series = new Map<string, Series | undefined>();
  readonly #listeners = new Set<(change: HostChange) => void>();
  #ticks: Tick[] = [];
  #latest: Tick | undefined;
  readonly #anomalies = new Map<string, Anomaly | Breach>();
  /** The first record that is not in the history yet. */
  #waitingFrom: number | undefined;
  #changed = false;
  #processesAt: number | undefined;
  /** There are no more processes than so; undefined: they were not counted yet. */
  #processesAtMost: { count: number; ended: number; size: number } | undefined;
  #problem: string | undefined;

  constructor(options: FleetHostOptions) {
    this.name = options.name;
    this.facts = options.facts;
    this.#options = options;
  }

  /** Applies an event; `record`: its id in the log, `receivedAt`: when the hub took it. */
  take(event: AgentEvent, record: number, receivedAt: number): void {
    const { facts } = this;
    facts.seenAt = Math.max(facts.seenAt, receivedAt);
    this.#changed = true;
    if (facts.stoppedAt !== undefined && event.kind !== 'host' && event.at > facts.stoppedAt)
      this.#isUp(receivedAt);
    if (event.kind === 'metrics') this.#takeMetrics(event, record);
    else if (event.kind === 'process') this.#takeProcess(event);
    else if (event.kind === 'anomaly') this.#takeAnomaly(event.anomaly, record);
    else if (event.kind === 'breach') this.#takeBreach(event.breach, record);
    else if (event.kind === 'host') this.#takeHost(event, receivedAt);
    else facts.coverage = { healthy: event.healthy, losses: event.losses };
  }

  /** A finding of the hub itself, which waits for its history. */
  found(kind: 'silence' | 'peers', finding: Anomaly): void {
    if (finding.state === 'open') this.facts[kind] = finding;
    else delete this.facts[kind];
    this.#changed = true;
    this.#keepAnomaly(finding);
  }

  /** All that it said is in its history from here on; the history, or undefined where it cannot be opened. */
  settle(): void {
    if (this.#ticks.length === 0 && this.#anomalies.size === 0) return;
    const { histories } = this.#options;
    try {
      const history = histories.of(this.name);
      for (const tick of this.#ticks) history.append(tick);
      if (this.#anomalies.size > 0) history.appendAnomaly(...this.#anomalies.values());
      history.flush();
      histories.wrote(this.name);
      this.#problem = undefined;
    } catch (error) {
      this.#cannotKeep(error);
    }
    this.#ticks = [];
    this.#anomalies.clear();
    this.#waitingFrom = undefined;
  }

  #cannotKeep(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    if (problem !== this.#problem) this.#options.warn(`${this.name}: its history cannot be kept: ${problem}`);
    this.#problem = problem;
  }

  /** The first record of the log that is not in the history. */
  get waitingFrom(): number | undefined {
    return this.#waitingFrom;
  }

  get history(): History {
    this.settle();
    return this.#options.histories.of(this.name);
  }

  historyStats(): HistoryStats {
    return this.#options.histories.of(this.name).stats();
  }

  /** Those that are there by what was told; what they do is as old as when it was told. */
  processes(): Iterable<ListedProcess> {
    return this.#options.file.processes(this.name);
  }

  /** What it told last since the hub runs, by its own clock. */
  get latest(): Tick | undefined {
    return this.#latest;
  }

  /** How many they are. */
  countProcesses(): number {
    return this.#options.file.countProcesses(this.name);
  }

  process(id: string): ListedProcess | undefined {
    return this.#options.file.process(this.name, id);
  }

  /** When something of its processes was told last, by its own clock; undefined before. */
  get processesAt(): number | undefined {
    return this.#processesAt;
  }

  summary(): HostSummary {
    return summaryOf(this.name, this.facts);
  }

  /** Calls `listener` for what happens until the returned function is called. */
  subscribe(listener: (change: HostChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps what changed of its facts. */
  keep(): void {
    if (!this.#changed) return;
    this.#changed = false;
    this.#options.file.keepHost(this.name, this.facts);
    this.#options.file.dropAnomalies(this.name, MOST_ANOMALIES);
  }

  /** Its facts were changed from outside. */
  touch(): void {
    this.#changed = true;
  }

  #isUp(at: number): void {
    delete this.facts.stoppedAt;
    this.facts.since = at;
  }

  #takeHost(event: HostEvent, receivedAt: number): void {
    const { facts } = this;
    const { kind, at, state, ...about } = event;
    const before = facts.about?.bootId;
    facts.about = about;
    if (before !== undefined && before !== about.bootId) this.#options.file.dropProcesses(this.name);
    if (state === 'stopping') {
      facts.stoppedAt = at;
      facts.since = receivedAt;
    } else if (facts.stoppedAt !== undefined) this.#isUp(receivedAt);
  }

  #takeMetrics({ at, values }: MetricsEvent, record: number): void {
    const { facts } = this;
    learnInterval(facts, at);
    this.#dropUntold(at);
    const metrics = values.flatMap(([key, value]) => {
      const series = Number.isFinite(value) ? this.#seriesOf(key) : undefined;
      return series ? [{ series, value }] : [];
    });
    const score = metrics.find(({ series }) => series.key === SCORE);
    if (score && at >= (facts.score?.at ?? 0)) facts.score = { at, value: score.value };
    this.#waitingFrom ??= record;
    const tick = { at, metrics };
    this.#ticks.push(tick);
    if (at >= (this.#latest?.at ?? 0)) this.#latest = tick;
    if (this.#ticks.length >= MOST_WAITING) this.settle();
    if (this.#listeners.size === 0) return;
    const shown = Object.fromEntries(metrics.map(({ series, value }) => [series.key, value]));
    this.#tell({ type: 'sample', at, values: shown });
  }

  #seriesOf(key: string): Series | undefined {
    if (this.#series.has(key)) return this.#series.get(key);
    if (this.#series.size >= MOST_SERIES || key.length > 512) return undefined;
    const series = parseSeriesKey(key);
    this.#series.set(key, series);
    return series;
  }

  #takeAnomaly(told: Anomaly, record: number): void {
    if (told.id.startsWith(HUB_PREFIX)) return;
    const { open } = this.facts;
    const anomaly = { ...told, host: this.name };
    if (anomaly.state === 'closed') delete open[anomaly.id];
    else if (Object.keys(open).length < MOST_OPEN) open[anomaly.id] = anomaly.severity;
    this.#waitingFrom ??= record;
    this.#keepAnomaly(anomaly);
    if (this.#anomalies.size >= MOST_WAITING) this.settle();
  }

  #takeBreach(told: Breach, record: number): void {
    this.facts.breaches ??= {};
    const { breaches } = this.facts;
    const breach = { ...told, host: this.name };
    if (breach.state === 'closed') delete breaches[breach.id];
    else if (Object.keys(breaches).length < MOST_OPEN) breaches[breach.id] = breach;
    this.#waitingFrom ??= record;
    this.#anomalies.set(breach.id, breach);
    this.#tell({ type: 'breach', breach });
    this.#options.onAnomaly?.(breach);
    if (this.#anomalies.size >= MOST_WAITING) this.settle();
  }

  #keepAnomaly(anomaly: Anomaly): void {
    this.#anomalies.set(anomaly.id, anomaly);
    this.#options.file.keepAnomaly(this.name, anomaly);
    this.#tell({ type: 'anomaly', anomaly });
    this.#options.onAnomaly?.(anomaly);
  }

  #takeProcess({ at, life, process }: ProcessLifeEvent): void {
    const { file } = this.#options;
    const told = { host: this.name, process, at };
    let size = 0;
    if (life === 'end') file.endProcess(told);
    else if (life !== 'snapshot' || !file.endedAfter(told)) size = file.keepProcess(told);
    this.#boundProcesses(size);
    if (life === 'snapshot' && at > (this.facts.snapshotAt ?? 0)) this.facts.snapshotAt = at;
    this.#processesAt = Math.max(at, this.#processesAt ?? 0);
  }

  /** One more was told of: `size` is the length of its JSON, 0 of one that ended. */
  #boundProcesses(size: number): void {
    const most = this.#processesAtMost;
    if (most) {
      most.size += size;
      if (size === 0) most.ended++;
      else most.count++;
      if (
        !(['count', 'ended', 'size'] as const).some((of) => most[of] > PROCESSES_SLACK * MOST_PROCESSES[of])
      )
        return;
    }
    const { kept, dropped } = this.#options.file.trimProcesses(this.name, MOST_PROCESSES);
    this.#processesAtMost = { ...kept };
    if (dropped === 0) return;
    const { facts } = this;
    const count = (facts.processesDropped?.count ?? 0) + dropped;
    facts.processesDropped = { count, lastAt: facts.seenAt };
  }

  /** Who is not in a whole scan has ended, whether or not that was told. */
  #dropUntold(at: number): void {
    const { snapshotAt } = this.facts;
    if (snapshotAt === undefined || at - snapshotAt < SNAPSHOT_MS) return;
    delete this.facts.snapshotAt;
    this.#options.file.dropUntold(this.name, snapshotAt);
    this.#options.file.dropEnded(this.name, snapshotAt - ENDED_MS);
  }

  /** Tells of the processes that were told of since the last time. */
  tellProcesses(): void {
    if (this.#processesAt !== undefined) this.#tell({ type: 'processes', at: this.#processesAt });
  }

  #tell(change: HostChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
