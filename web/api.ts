import type { Anomaly } from '../src/model/anomaly.ts';
import type { MetricGroup } from '../src/model/names.ts';
import type { ListedProcess } from '../src/model/process.ts';
import type { Band } from '../src/model/score.ts';
import type { ToldStatus } from '../src/model/status.ts';

/** One series as `/api/v1/series` lists it. */
export interface SeriesInfo {
  readonly key: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly unit: string;
  readonly group: MetricGroup;
  readonly label: string;
  readonly description: string;
}

type Numbers = readonly (number | null)[];

export interface FrameColumns {
  readonly metric: string;
  readonly unit: string;
  readonly at: readonly number[];
  readonly mean: Numbers;
  readonly min: Numbers;
  readonly max: Numbers;
}

export interface HistoryColumns {
  readonly stepSeconds: number;
  readonly frames: readonly FrameColumns[];
}

export interface ProcessList {
  readonly at: number | null;
  readonly total: number;
  readonly processes: readonly ListedProcess[];
  readonly unreadable: Readonly<Record<string, number>>;
}

export interface ProcessColumns {
  readonly process: ListedProcess | null;
  readonly at: readonly number[];
  readonly cpu: Numbers;
  readonly rss: Numbers;
  readonly readRate: Numbers;
  readonly writeRate: Numbers;
}

/** An answer that is not 200; `message` is the server's own line. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  const response = await fetch(`api/v1/${path}`, signal ? { signal } : {});
  if (response.ok) return (await response.json()) as Answer;
  const body: unknown = await response.json().catch(() => ({}));
  const error = body instanceof Object && 'error' in body ? String(body.error) : response.statusText;
  throw new ApiError(response.status, error);
}

export const fetchStatus = () => get<ToldStatus>('status');
export const fetchSeries = async () => (await get<{ series: readonly SeriesInfo[] }>('series')).series;
export const fetchBands = async () => (await get<{ bands: Readonly<Record<string, Band>> }>('bands')).bands;
export const fetchProcesses = () => get<ProcessList>('processes');

export async function fetchAnomalies(from: number): Promise<readonly Anomaly[]> {
  return (await get<{ anomalies: readonly Anomaly[] }>(`anomalies?from=${Math.floor(from)}`)).anomalies;
}

export function fetchHistory(
  keys: readonly string[],
  from: number,
  to: number,
  maxPoints: number,
  signal: AbortSignal,
): Promise<HistoryColumns> {
  const query = new URLSearchParams(keys.map((key): [string, string] => ['metric', key]));
  query.set('from', String(Math.floor(from)));
  query.set('to', String(Math.ceil(to)));
  query.set('maxPoints', String(maxPoints));
  return get(`history?${query}`, signal);
}

export function fetchProcessHistory(id: string, from: number, to: number): Promise<ProcessColumns> {
  return get(`processes/${encodeURIComponent(id)}/history?from=${Math.floor(from)}&to=${Math.ceil(to)}`);
}
