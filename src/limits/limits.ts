import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { BrokenMetric, Culprit } from '../model/anomaly.ts';
import type { Breach, Forecast } from '../model/breach.ts';
import type { History } from '../model/history.ts';
import { parseSeriesKey, type Series, type Tick } from '../model/metric.ts';
import { Capacity, type CapacityChange } from './capacity.ts';
import { isWhole, mountOf, type Rule, rulesOf } from './rules.ts';
import { forecastSentence, subjectOf, thresholdSentence } from './sentence.ts';
import { type LimitSettings, limitsSchema } from './settings.ts';
import { Threshold, type ThresholdChange } from './threshold.ts';

export interface LimitsOptions {
  readonly host: string;
  readonly settings: LimitSettings;
  /** Who accounts for it. */
  readonly culprits: (metric: BrokenMetric, since: number, kind: Breach['kind']) => Named;
  /** Called with each breach as it opened, became more severe, or closed. */
  readonly onBreach: (breach: Breach) => void;
}

/** Processes, largest share first, and what it is a share of: `the change`. */
export interface Named {
  readonly culprits: readonly Culprit[];
  readonly of: string;
}

/** What is watched of one series. */
interface Watched {
  readonly series: Series;
  readonly thresholds: readonly { readonly threshold: Threshold; breach: Breach | undefined }[];
  readonly capacity: Capacity | undefined;
  /** Of the capacity. */
  breach: Breach | undefined;
  last: number;
}

/** The name of the limit of what can run full. */
const CAPACITIES: Readonly<Partial<Record<string, string>>> = {
  'system.memory.utilization': 'memory',
  'system.paging.utilization': 'swap',
  'system.filesystem.utilization': 'disk',
  'system.filesystem.inode.utilization': 'inodes',
  'system.linux.file_handles.utilization': 'descriptors',
};

/** What is open is looked at so often where its series may be gone, ms. */
const LOOK_EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;
/** So much of the past is read at the start: minutes, and hours before them, ms. */
const MINUTES_MS = 34 * HOUR_MS;
const HOURS_MS = 30 * 24 * HOUR_MS;
/** Two mount points of one size whose use differs by less are one file system. */
const TWIN = 1e-3;

/** Series against the lines that people drew, and against being full: ticks in, breaches out. Pure and causal. */
export class Limits {
  readonly #options: LimitsOptions;
  #settings: LimitSettings;
  readonly #watched = new Map<Series, Watched | undefined>();
  #lookAt = Number.NEGATIVE_INFINITY;
  #tick: Tick | undefined;

  constructor(options: LimitsOptions) {
    this.#options = options;
    this.#settings = options.settings;
  }

  /** Other lines: what is open goes on where its limit still is, and what can run full is known as before. */
  use(settings: LimitSettings): void {
    const before = [...this.#all()];
    this.#settings = settings;
    this.#watched.clear();
    for (const watched of before) this.#replace(watched);
  }

  tick(tick: Tick): void {
    this.#tick = tick;
    for (const { series, value } of tick.metrics) {
      let watched = this.#watched.get(series);
      if (watched === undefined) {
        if (this.#watched.has(series)) continue;
        watched = this.#watch(series);
        if (!watched) continue;
      }
      this.#take(watched, tick.at, value);
    }
    if (Math.abs(tick.at - this.#lookAt) < LOOK_EVERY_MS) return;
    this.#lookAt = tick.at;
    for (const watched of this.#all())
      for (const one of watched.thresholds) this.#crossed(watched, one, one.threshold.look(tick.at), tick.at);
  }

  /** What is open, those of lines first. */
  open(): readonly Breach[] {
    const all = [...this.#all()];
    return [...all.flatMap(({ thresholds }) => thresholds), ...all].flatMap(({ breach }) => breach ?? []);
  }

  /** What can be said of each thing that can run full. */
  forecasts(): readonly Forecast[] {
    return [...this.#all()]
      .filter((watched) => watched.capacity && !isMissing(watched) && !this.#isTwin(watched))
      .flatMap(({ series, capacity }) => capacity?.forecast(aboutOf(series)) ?? []);
  }

  /**
   * Reads what was kept of what can run full, and takes up what an earlier run left open: it goes on and is told again, or it closes.
   * To be called once, before the first tick.
   */
  start(history: Pick<History, 'series' | 'query'>, left: readonly Breach[], now: number): void {
    const known = new Map(history.series().map((one) => [one.key, one]));
    const keys = [...known.values()]
      .filter(({ lastAt }) => lastAt > now - HOURS_MS)
      .flatMap(({ key }) => (CAPACITIES[parseSeriesKey(key)?.name ?? ''] === undefined ? [] : [key]));
    this.#remember(history, keys, { from: now - HOURS_MS, to: now - MINUTES_MS, resolution: 3600 });
    this.#remember(history, keys, { from: now - MINUTES_MS, to: now, resolution: 60 });
    for (const breach of left) {
      const series = parseSeriesKey(breach.metrics[0]?.metric ?? '');
      const lastAt = Math.max(breach.raisedAt, known.get(series?.key ?? '')?.lastAt ?? 0);
      const goesOn = series !== undefined && this.#resume(breach, this.#watch(series), lastAt);
      this.#options.onBreach(goesOn ? breach : { ...breach, state: 'closed', closedAt: lastAt });
    }
  }

  #remember(
    history: Pick<History, 'query'>,
    metrics: readonly string[],
    period: { readonly from: number; readonly to: number; readonly resolution: 60 | 3600 },
  ): void {
    const { frames } = history.query({ metrics, ...period, maxPoints: 10_000 });
    for (const { metric, at, mean } of frames) {
      const series = parseSeriesKey(metric);
      const capacity = series && this.#watch(series)?.capacity;
      if (capacity) for (const [place, value] of mean.entries()) capacity.remember(at[place]!, value);
    }
  }

  #resume(breach: Breach, watched: Watched | undefined, lastAt: number): boolean {
    const { since, severity, provisional, kind, limit, full, metrics } = breach;
    if (!watched) return false;
    if (kind === 'forecast') {
      if (!watched.capacity || !full) return false;
      watched.capacity.resume({ since, severity, provisional }, full, lastAt);
      watched.breach = breach;
      return true;
    }
    const one = watched.thresholds.find(({ threshold }) => threshold.rule.limit === limit);
    one?.threshold.resume({ since, severity, worst: metrics[0]!.observed, lastBeyondAt: lastAt });
    if (one) one.breach = breach;
    return one !== undefined;
  }

  #replace(before: Watched): void {
    const watched = this.#watch(before.series);
    const at = this.#tick?.at ?? 0;
    if (watched?.capacity && before.capacity) {
      this.#watched.set(before.series, {
        ...watched,
        capacity: before.capacity,
        breach: before.breach,
        last: before.last,
      });
    } else if (before.breach) this.#options.onBreach({ ...before.breach, state: 'closed', closedAt: at });
    for (const { breach } of before.thresholds)
      if (breach && !this.#resume(breach, watched, at))
        this.#options.onBreach({ ...breach, state: 'closed', closedAt: at });
  }

  #all(): Iterable<Watched> {
    return this.#watched.values().filter((watched) => watched !== undefined);
  }

  #watch(series: Series): Watched | undefined {
    if (this.#watched.has(series)) return this.#watched.get(series);
    const settings = this.#settings;
    const { clear_after: clearMs, forecast_within: withinMs } = settings;
    const thresholds = rulesOf(series, settings).map((rule) => ({
      threshold: new Threshold(rule, clearMs),
      breach: undefined,
    }));
    const canFill = CAPACITIES[series.name] !== undefined && isWhole(series) && withinMs > 0;
    const capacity = canFill ? new Capacity(withinMs) : undefined;
    const watched =
      capacity || thresholds.length > 0
        ? { series, thresholds, capacity, breach: undefined, last: Number.NaN }
        : undefined;
    this.#watched.set(series, watched);
    return watched;
  }

  #take(watched: Watched, at: number, value: number): void {
    watched.last = value;
    for (const one of watched.thresholds) {
      const change = one.threshold.add(at, value);
      if (change) this.#crossed(watched, one, change, at);
    }
    const change = watched.capacity?.add(at, value);
    if (change) this.#filled(watched, change, at);
  }

  #crossed(
    watched: Watched,
    one: Watched['thresholds'][number],
    change: ThresholdChange | undefined,
    at: number,
  ): void {
    if (!change) return;
    const { rule } = one.threshold;
    if (change.what === 'opened' && this.#isTwin(watched)) return;
    if (change.what !== 'opened' && !one.breach) return;
    one.breach =
      change.what === 'closed'
        ? { ...one.breach!, state: 'closed', closedAt: change.closedAt }
        : this.#thresholdBreach(watched.series, rule, change, one.breach, at);
    this.#options.onBreach(one.breach);
    if (change.what === 'closed') one.breach = undefined;
  }

  #thresholdBreach(
    series: Series,
    rule: Rule,
    { crossing }: ThresholdChange,
    before: Breach | undefined,
    at: number,
  ): Breach {
    const { since, severity, worst } = crossing;
    const { limit, line, direction } = rule;
    const metric = brokenBy(series, worst, line, direction);
    const named = this.#options.culprits(metric, since, 'threshold');
    const culprits = named.culprits.length > 0 ? named.culprits : (before?.culprits ?? []);
    return {
      ...{ schema: 1, id: this.#id('threshold', limit, series, since), host: this.#options.host },
      ...{ state: 'open', kind: 'threshold', limit, line, severity, provisional: false, since },
      ...{ raisedAt: before?.raisedAt ?? at, metrics: [metric], culprits },
      sentence: thresholdSentence(series, rule, crossing, { ...named, culprits }, at),
    };
  }

  #filled(watched: Watched, change: CapacityChange, at: number): void {
    if (change.what === 'opened' && this.#isTwin(watched)) return;
    if (change.what !== 'opened' && !watched.breach) return;
    watched.breach =
      change.what === 'closed'
        ? { ...watched.breach!, state: 'closed', closedAt: change.closedAt }
        : this.#forecastBreach(watched, change, at);
    this.#options.onBreach(watched.breach);
    if (change.what === 'closed') watched.breach = undefined;
  }

  #forecastBreach(
    { series, last, breach: before }: Watched,
    { filling }: CapacityChange,
    at: number,
  ): Breach {
    const { since, severity, assessment, provisional } = filling;
    const { limit } = aboutOf(series);
    const metric = brokenBy(series, last, 1, 'above');
    const named = this.#options.culprits(metric, since, 'forecast');
    const culprits = named.culprits.length > 0 ? named.culprits : (before?.culprits ?? []);
    return {
      ...{ schema: 1, id: this.#id('forecast', limit, series, since), host: this.#options.host },
      ...{ state: 'open', kind: 'forecast', limit, line: 1, severity, provisional, since },
      ...{ raisedAt: before?.raisedAt ?? at, full: assessment.full, metrics: [metric], culprits },
      sentence: forecastSentence(series, assessment, { ...named, culprits }, at),
    };
  }

  #id(kind: Breach['kind'], limit: string, series: Series, since: number): string {
    const facts = [this.#options.host, kind, limit, series.key, since];
    return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 16);
  }

  /** Whether it is the same file system as one with a shorter path: a container's root and a file that is mounted into it. */
  #isTwin({ series, last }: Watched): boolean {
    const mount = mountOf(series);
    if (mount === undefined) return false;
    const size = this.#sizeOf(mount);
    return this.#watched.values().some((other) => {
      const path = other?.series.name === series.name ? mountOf(other.series) : undefined;
      if (!other || path === undefined || path.length >= mount.length) return false;
      return size > 0 && this.#sizeOf(path) === size && Math.abs(other.last - last) < TWIN;
    });
  }

  /** Bytes of a file system: the sum of its states. */
  #sizeOf(mount: string): number {
    let bytes = 0;
    for (const { series, value } of this.#tick?.metrics ?? [])
      if (series.name === 'system.filesystem.usage' && mountOf(series) === mount) bytes += value;
    return bytes;
  }
}

/** What a history says of each thing that can run full. */
export function forecastsOf(history: Pick<History, 'series' | 'query'>, now: number): readonly Forecast[] {
  const settings = v.parse(limitsSchema, {});
  const limits = new Limits({
    host: '',
    settings,
    culprits: () => ({ culprits: [], of: '' }),
    onBreach: () => {},
  });
  limits.start(history, [], now);
  return limits.forecasts();
}

/** A machine without swap uses none of it. */
const isMissing = ({ series, last }: Watched): boolean =>
  series.name === 'system.paging.utilization' && !(last > 0);

const aboutOf = (series: Series): Pick<Forecast, 'metric' | 'limit' | 'subject'> => ({
  metric: series.key,
  limit: CAPACITIES[series.name] ?? series.name,
  subject: subjectOf(series),
});

/** The metric against its line; `expected` has no end on the far side of a line that is not to be fallen below. */
const brokenBy = (
  { key, definition }: Series,
  observed: number,
  line: number,
  direction: Rule['direction'],
): BrokenMetric => ({
  ...{ metric: key, unit: definition.unit, observed, share: 1 },
  ...{ expectedLow: direction === 'above' ? 0 : line, expectedHigh: line },
});
