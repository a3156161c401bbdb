import { metricLabel } from '../model/display.ts';
import type { HistoryAnswer, ProcessPoint, Resolution, SeriesSummary } from '../model/history.ts';
import { parseSeriesKey } from '../model/metric.ts';
import type { ListedProcess } from '../model/process.ts';
import { HttpError } from './http-error.ts';
import { type Parameters, quoted } from './parameters.ts';
import type { AboutMachine } from './route.ts';
import type { ProcessList, Source } from './source.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** One request may not hold the daemon for long: 64 series of 10,000 points are the most. */
const MAX_METRICS = 64;
const MAX_POINTS = 10_000;
const MAX_POINTS_IN_ALL = 200_000;

/** A series with what a chart of it needs. */
export function described(summary: SeriesSummary) {
  const known = parseSeriesKey(summary.key);
  const attributes = known?.attributes ?? {};
  return {
    ...summary,
    name: known?.name ?? summary.key,
    attributes,
    group: known?.definition.group ?? 'homeostat',
    kind: known?.definition.kind ?? 'gauge',
    label: metricLabel(summary.key),
    description: known?.definition.description ?? '',
  };
}

export function history({ source, clock, parameters }: AboutMachine) {
  const metrics = [...new Set(parameters.all('metric'))];
  if (metrics.length === 0) {
    throw new HttpError(400, `parameter 'metric' is missing: give one or more keys of /api/v1/series`);
  }
  if (metrics.length > MAX_METRICS) {
    throw new HttpError(400, `${metrics.length} metrics in one request: ask for at most ${MAX_METRICS}`);
  }
  for (const metric of metrics) {
    if (!parseSeriesKey(metric)) {
      throw new HttpError(404, `no metric is called ${quoted(metric)}: /api/v1/series lists the keys`);
    }
  }
  const { from, to } = parameters.period(clock.now(), HOUR_MS);
  const resolution = parameters.choice('resolution', ['1', '60', '3600']);
  const maxPoints = Math.min(
    parameters.integer('maxPoints', 2, MAX_POINTS) ?? 2000,
    Math.floor(MAX_POINTS_IN_ALL / metrics.length),
  );
  return columns(
    source.history.query({
      metrics,
      from,
      to,
      maxPoints,
      ...(resolution && { resolution: Number(resolution) as Resolution }),
    }),
  );
}

/** Typed arrays would become objects in JSON. */
function columns(answered: HistoryAnswer) {
  return {
    stepSeconds: answered.stepSeconds,
    frames: answered.frames.map(({ metric, unit, at, mean, min, max }) => ({
      metric,
      unit,
      at: Array.from(at),
      mean: Array.from(mean),
      min: Array.from(min),
      max: Array.from(max),
    })),
  };
}

const SORTS = {
  cpu: ({ cpu }: ListedProcess) => cpu,
  memory: ({ rss }: ListedProcess) => rss,
  read: ({ readRate }: ListedProcess) => readRate,
  write: ({ writeRate }: ListedProcess) => writeRate,
  threads: ({ threads }: ListedProcess) => threads,
  started: ({ startedAt }: ListedProcess) => startedAt,
  pid: ({ pid }: ListedProcess) => pid,
  name: ({ name }: ListedProcess) => name,
} as const;

export function processes({ source, parameters }: AboutMachine) {
  const sort = parameters.choice('sort', Object.keys(SORTS) as (keyof typeof SORTS)[]) ?? 'cpu';
  const order = parameters.choice('order', ['asc', 'desc']) ?? (sort === 'name' ? 'asc' : 'desc');
  const filter = parameters.text('filter')?.toLowerCase();
  const limit = parameters.integer('limit', 1, 100_000);
  const scan = scanAt(source, parameters.time('at'));
  if (!scan) return { at: null, total: 0, processes: [], unreadable: {} };
  const sign = order === 'asc' ? 1 : -1;
  const byOrder = (one: ListedProcess, other: ListedProcess): number =>
    compare(SORTS[sort](one), SORTS[sort](other), sign) || one.pid - other.pid;
  return {
    at: scan.at,
    total: scan.total,
    processes: first(limit, byOrder, scan.processes, (process) => !filter || matches(process, filter)),
    unreadable: scan.unreadable,
  };
}

/** The latest scan; of a moment that is over the means of its minute. */
function scanAt(source: Source, at: number | undefined): ProcessList | undefined {
  if (at === undefined) return source.processes();
  const past = source.history.processesAt(at);
  return past && { ...past, total: past.processes.length, unreadable: {} };
}

/** The first `most` of those that are `wanted`, in order; no more than twice as many are held at any time. */
function first(
  most = Number.POSITIVE_INFINITY,
  byOrder: (one: ListedProcess, other: ListedProcess) => number,
  processes: Iterable<ListedProcess>,
  wanted: (process: ListedProcess) => boolean,
): ListedProcess[] {
  const held: ListedProcess[] = [];
  for (const process of processes) {
    if (wanted(process)) held.push(process);
    if (held.length >= 2 * most) held.sort(byOrder).length = most;
  }
  return held.sort(byOrder).slice(0, most);
}

function matches(process: ListedProcess, filter: string): boolean {
  const texts = [process.name, process.executable, process.invokedAs, process.containerId, `${process.pid}`];
  return [...texts, ...process.args].some((text) => text?.toLowerCase().includes(filter));
}

/** What could not be seen comes last in either order. */
function compare(one: number | string | undefined, other: number | string | undefined, sign: number): number {
  if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? 1 : -1;
  return one < other ? -sign : one > other ? sign : 0;
}

export function processHistory({ source, clock, parameters, id }: AboutMachine) {
  const { from, to } = parameters.period(clock.now(), DAY_MS);
  const process = source.process(id);
  const points = source.history.processHistory(id, from, to);
  if (!process && points.length === 0) {
    throw new HttpError(
      404,
      `no process ${quoted(id)} is known in that period: ids are in /api/v1/processes; widen 'from' and 'to'`,
    );
  }
  const column = (name: keyof ProcessPoint) => points.map((point) => point[name]);
  return {
    id,
    process: process ?? null,
    stepSeconds: 60,
    at: column('at'),
    cpu: column('cpu'),
    rss: column('rss'),
    readRate: column('readRate'),
    writeRate: column('writeRate'),
    threads: column('threads'),
  };
}

export function anomaliesQuery(parameters: Parameters) {
  const from = parameters.time('from');
  const to = parameters.time('to');
  if (from !== undefined && to !== undefined && from >= to) {
    throw new HttpError(400, `the period from ${from} to ${to} is empty: 'from' must lie before 'to'`);
  }
  const limit = parameters.integer('limit', 1, 10_000) ?? 200;
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }), limit };
}

export function anomaly({ source, id }: AboutMachine) {
  const found = source.history.anomalies({}).find((candidate) => candidate.id === id);
  if (!found) {
    throw new HttpError(404, `no anomaly is called ${quoted(id)}: /api/v1/anomalies lists what is known`);
  }
  return found;
}
