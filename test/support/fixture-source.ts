import { Profiles } from '../../src/alert/profiles/profiles.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Anomaly, Severity } from '../../src/model/anomaly.ts';
import type { Forecast } from '../../src/model/breach.ts';
import type { Evidence, TopProcess } from '../../src/model/evidence.ts';
import type {
  Frame,
  HistoryAnswer,
  HistoryQuery,
  PastProcesses,
  ProcessPoint,
} from '../../src/model/history.ts';
import type { Incident as KeptIncident } from '../../src/model/incident.ts';
import type { IncidentArchive } from '../../src/model/incident-archive.ts';
import type { ListedProcess, Process, ProcessScan } from '../../src/model/process.ts';
import type { ProfilesAnswer } from '../../src/model/profile.ts';
import type { Advice, Recommendation } from '../../src/model/recommendation.ts';
import type { Band } from '../../src/model/score.ts';
import { severityOf } from '../../src/model/severity.ts';
import type { ScoreNow, Status } from '../../src/model/status.ts';
import type { LiveEvent, Source } from '../../src/serve/source.ts';
import { fixtureAnomalies } from './fixture-anomalies.ts';
import { fixtureArchive } from './fixture-archive.ts';
import { bandOf, type Incident, noise, SCORE, SHAPES, valueAt } from './fixture-machine.ts';
import { fixtureProcesses } from './fixture-processes.ts';
import { fixtureStatus } from './fixture-status.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const THRESHOLDS = { LOW: 2.4, MEDIUM: 3.3, HIGH: 4.1 } as const;

const MINER_ADVICE: Recommendation = {
  ...{ id: 'runaway-2520', rule: 'runaway-process', severity: 'HIGH', sure: 'medium' },
  target: { kind: 'process', id: '1f0c9e2a-2520-1', pid: 2520 },
  subject: 'process kdevtmpfsi (pid 2520)',
  advice: 'Look at what it is, and end it where nobody knows it.',
  why: 'it takes 3.1 cores since 7 min, where its kind is not known here',
  gain: '3.1 of 4 cores: what it takes now',
  because: 'nothing is known of its executable from before',
  command: 'kill 2520',
  undo: 'start it again with the command line that the dashboard shows',
};

export type Mood = 'calibrated' | 'learning' | 'empty';

/**
 * The source of a small server's day, computed from the time alone: ten days of history with a gap of 20 minutes, two
 * incidents that ended, and one that is open. Nothing runs by itself: `tick` sends what a daemon would send.
 */
export class FixtureSource implements Source {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #listeners = new Set<(event: LiveEvent) => void>();
  readonly #mood: Mood;
  readonly incidents: readonly Incident[];
  readonly gap: Incident;

  constructor(clock: Clock, mood: Mood = 'calibrated') {
    this.#clock = clock;
    this.#mood = mood;
    const now = Math.floor(clock.now() / 1000) * 1000;
    this.#startedAt = mood === 'calibrated' ? now - 10 * DAY : now - 4 * MINUTE;
    this.incidents = [
      { from: now - 7 * MINUTE, to: Number.POSITIVE_INFINITY },
      { from: now - 5.2 * 60 * MINUTE, to: now - 4.9 * 60 * MINUTE },
      { from: now - 31 * 60 * MINUTE, to: now - 30.6 * 60 * MINUTE },
    ];
    this.gap = { from: now - 32 * MINUTE, to: now - 25 * MINUTE };
  }

  get archive(): IncidentArchive {
    return fixtureArchive(this.history.anomalies({}), (incident) => this.#evidence(incident));
  }

  /** Ten minutes before it and all of it, and who took most each half minute. */
  #evidence({ since, closedAt = this.#clock.now(), metrics }: KeptIncident): Evidence {
    const keys = metrics.map(({ metric }) => metric);
    const from = since - 10 * MINUTE;
    const { frames } = this.#query({ metrics: keys, from, to: closedAt, resolution: 1, maxPoints: 10_000 });
    const scans = [];
    for (let at = from; at < closedAt; at += 30_000) {
      const all = this.history.processesAt(at)?.processes ?? [];
      const processes = all.toSorted((one, other) => (other.cpu ?? 0) - (one.cpu ?? 0)).slice(0, 8);
      scans.push({ at, processes: processes as TopProcess[] });
    }
    return {
      series: keys,
      frames: frames.map(({ metric, at, mean }) => ({ metric, at, value: mean })),
      scans,
    };
  }

  get subscribers(): number {
    return this.#listeners.size;
  }

  /** 0 in quiet times, 1 at the height of an incident, which takes two minutes to come. */
  #height(at: number): number {
    if (this.#mood !== 'calibrated') return 0;
    const incident = this.incidents.find(({ from, to }) => at >= from && at < to);
    return incident ? Math.min(1, (at - incident.from) / (2 * MINUTE)) : 0;
  }

  #score(at: number): number {
    const second = Math.floor(at / 1000);
    const quiet = 0.25 + 0.7 * noise(1, Math.floor(second / 20)) ** 3 + 0.3 * noise(2, second);
    return Math.round((quiet + 4.3 * this.#height(at)) * 1000) / 1000;
  }

  profiles(wanted?: string): ProfilesAnswer {
    const profiles = new Profiles();
    const scan = this.processes();
    if (scan) profiles.observe(scan, new Set());
    return profiles.answer(this.#clock.now(), wanted);
  }

  readonly history = {
    series: () =>
      this.#mood === 'empty'
        ? []
        : [...SHAPES.map((shape) => shape.series), ...(this.#mood === 'calibrated' ? [SCORE] : [])].map(
            (made) => ({
              key: made.key,
              unit: made.definition.unit,
              firstAt: this.#startedAt,
              lastAt: this.#clock.now(),
            }),
          ),
    query: (query: HistoryQuery): HistoryAnswer => this.#query(query),
    processHistory: (id: string, from: number, to: number): readonly ProcessPoint[] => {
      const process = this.process(id);
      if (!process) return [];
      const points: ProcessPoint[] = [];
      const first = Math.max(from, this.#clock.now() - 6 * 60 * MINUTE);
      for (let at = Math.ceil(first / MINUTE) * MINUTE; at < Math.min(to, this.#clock.now()); at += MINUTE) {
        const step = at / MINUTE;
        points.push({
          at,
          cpu:
            process.name === 'kdevtmpfsi'
              ? 0.02 + 3.1 * this.#height(at)
              : (process.cpu ?? 0) * (0.6 + noise(3, step)),
          rss: process.rss * (0.97 + 0.05 * noise(4, Math.floor(step / 9))),
          readRate: process.readRate === undefined ? Number.NaN : process.readRate * noise(5, step),
          writeRate: process.writeRate === undefined ? Number.NaN : process.writeRate * noise(6, step),
          threads: process.threads,
        });
      }
      return points;
    },
    processesAt: (at: number): PastProcesses | undefined => {
      const minute = Math.floor(at / MINUTE) * MINUTE;
      const there = (this.processes()?.processes ?? []).filter(({ startedAt }) => startedAt <= minute);
      const processes = there.map((process): ListedProcess => {
        const [point] = this.history.processHistory(process.id, minute, minute + 1);
        return { ...process, ...(point && { cpu: point.cpu, rss: point.rss }) };
      });
      return minute > this.#clock.now() || processes.length === 0 ? undefined : { at: minute, processes };
    },
    anomalies: (query: { from?: number; to?: number; limit?: number }): readonly Anomaly[] => {
      if (this.#mood !== 'calibrated') return [];
      const { from = 0, to = Number.POSITIVE_INFINITY, limit = Number.POSITIVE_INFINITY } = query;
      return fixtureAnomalies(this.incidents, this.#startedAt, this.#clock.now())
        .filter(({ since, closedAt = Number.POSITIVE_INFINITY }) => since < to && closedAt >= from)
        .slice(0, limit);
    },
    breaches: () => [],
  };

  /** About the open incident: it is a miner. */
  advice(incident?: KeptIncident): Advice {
    const about = incident === undefined || incident.state === 'open';
    return { at: this.#clock.now(), recommendations: about ? [MINER_ADVICE] : [], top: [] };
  }

  forecasts(): readonly Forecast[] {
    return [];
  }

  #query({ metrics, from, to, resolution, maxPoints = 2000 }: HistoryQuery): HistoryAnswer {
    const start = Math.max(from, this.#startedAt);
    const end = Math.min(to, this.#clock.now());
    const fits = [1, 5, 10, 30, 60, 300, 900, 3600, 21_600].find(
      (step) => (to - from) / 1000 / step <= maxPoints,
    );
    const stepSeconds = resolution ?? fits ?? 86_400;
    const at: number[] = [];
    for (
      let time = Math.ceil(start / 1000 / stepSeconds) * stepSeconds * 1000;
      time < end;
      time += stepSeconds * 1000
    ) {
      if (time < this.gap.from || time >= this.gap.to || this.#mood !== 'calibrated') at.push(time);
    }
    return { stepSeconds, frames: metrics.map((metric) => this.#frame(metric, at, stepSeconds)) };
  }

  #frame(metric: string, times: readonly number[], stepSeconds: number): Frame {
    const index = SHAPES.findIndex((shape) => shape.series.key === metric);
    const known = index >= 0 || (metric === SCORE.key && this.#mood === 'calibrated');
    const at = Float64Array.from(known && this.#mood !== 'empty' ? times : []);
    const mean = at.map((time) => this.#value(index, time));
    const unit = index >= 0 ? SHAPES[index]!.series.definition.unit : '1';
    if (stepSeconds === 1) return { metric, unit, at, mean, min: mean, max: mean };
    const most = unit === '1' && index >= 0 ? 1 : Number.POSITIVE_INFINITY;
    const spread = (sign: number) =>
      mean.map((value, row) => Math.min(most, Math.max(0, value * (1 + sign * 0.25 * noise(row, index)))));
    return { metric, unit, at, mean, min: spread(-1), max: spread(1) };
  }

  #value(index: number, at: number): number {
    return index < 0
      ? this.#score(at)
      : valueAt(SHAPES[index]!, index, Math.floor(at / 1000), this.#height(at));
  }

  #scoreNow(at: number): ScoreNow | undefined {
    if (this.#mood !== 'calibrated') return undefined;
    const value = this.#score(at);
    const returnPeriodSeconds = Math.round(60 * 10 ** value);
    return {
      at,
      value,
      severity: severityOf(
        value >= THRESHOLDS.HIGH ? 40 * 86_400 : value >= THRESHOLDS.LOW ? 2 * 86_400 : 60,
      ),
      returnPeriodSeconds,
      thresholds: THRESHOLDS,
      detectors: { forest: value * 0.9, autoencoder: value * 1.1, baseline: value },
    };
  }

  status(): Status {
    const at = this.#clock.now();
    return fixtureStatus(this.#mood, this.#startedAt, at, this.#scoreNow(at));
  }

  processes(): (ProcessScan & { readonly total: number }) | undefined {
    if (this.#mood === 'empty') return undefined;
    const at = this.#clock.now();
    const miner = 0.02 + 3.1 * this.#height(at);
    const processes = fixtureProcesses(at - 9 * DAY, at, 150, miner);
    return { at, full: true, processes, total: processes.length, gone: [], unreadable: { EACCES: 3 } };
  }

  process(id: string): Process | undefined {
    return this.processes()?.processes.find((process) => process.id === id);
  }

  bands(): Readonly<Record<string, Band>> {
    if (this.#mood !== 'calibrated') return {};
    return Object.fromEntries(SHAPES.map((shape) => [shape.series.key, bandOf(shape)]));
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** The sample of this moment, and each five seconds the processes and the status. */
  /** Another incident opens now, `opened-HIGH`, as the live stream tells of it. */
  open(severity: Severity): void {
    const [like] = this.archive.list({});
    this.emit({ type: 'incident', incident: { ...like!, id: `opened-${severity}`, severity } });
  }

  tick(): void {
    const at = Math.floor(this.#clock.now() / 1000) * 1000;
    const values: Record<string, number> = {};
    SHAPES.forEach((shape, index) => {
      values[shape.series.key] = this.#value(index, at);
    });
    if (this.#mood === 'calibrated') values[SCORE.key] = this.#score(at);
    this.emit({ type: 'sample', at, values, score: this.#scoreNow(at) });
    if (at % 5000 === 0) {
      this.emit({ type: 'processes', at });
      this.emit({ type: 'status', status: this.status() });
    }
  }
}
