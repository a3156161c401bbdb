import type { Anomaly } from '../src/model/anomaly.ts';
import type { HostsAnswer } from '../src/model/host.ts';
import type { Incident } from '../src/model/incident.ts';
import type { Advice } from '../src/model/recommendation.ts';
import type { Band } from '../src/model/score.ts';
import type { ToldStatus } from '../src/model/status.ts';
import type { EvidenceAnswer, HistoryColumns, ProcessColumns, ProcessList, SeriesInfo } from './answers.ts';

/** An answer that is not 200; `message` is the server's own line. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The host that the page is about, where a hub serves it; undefined on its first page, and on a single machine. */
export const HOST = new URLSearchParams(location.search).get('host') ?? undefined;

/** A path of the API, about the host of this page. */
export function pathOf(path: string): string {
  if (HOST === undefined) return `api/v1/${path}`;
  return `api/v1/${path}${path.includes('?') ? '&' : '?'}host=${encodeURIComponent(HOST)}`;
}

async function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  const response = await fetch(path, signal ? { signal } : {});
  if (response.ok) return (await response.json()) as Answer;
  const body: unknown = await response.json().catch(() => ({}));
  const error = body instanceof Object && 'error' in body ? String(body.error) : response.statusText;
  throw new ApiError(response.status, error);
}

export const fetchHosts = () => get<HostsAnswer>('api/v1/hosts');
export const fetchStatus = () => get<ToldStatus>(pathOf('status'));
export const fetchSeries = async () =>
  (await get<{ series: readonly SeriesInfo[] }>(pathOf('series'))).series;
export const fetchBands = async () =>
  (await get<{ bands: Readonly<Record<string, Band>> }>(pathOf('bands'))).bands;
/** Now, or at a moment that is over, ms since the epoch. */
export const fetchProcesses = (at?: number) =>
  get<ProcessList>(pathOf(at === undefined ? 'processes' : `processes?at=${Math.floor(at)}`));

export async function fetchAnomalies(from: number): Promise<readonly Anomaly[]> {
  return (await get<{ anomalies: readonly Anomaly[] }>(pathOf(`anomalies?from=${Math.floor(from)}`)))
    .anomalies;
}

export async function fetchIncidents(from: number): Promise<readonly Incident[]> {
  return (await get<{ incidents: readonly Incident[] }>(pathOf(`incidents?from=${Math.floor(from)}`)))
    .incidents;
}

/** What to do about an incident. */
export const fetchAdvice = (incident: string) =>
  get<Advice>(pathOf(`recommendations?incident=${encodeURIComponent(incident)}`));

export const fetchEvidence = (incident: string) =>
  get<EvidenceAnswer>(pathOf(`incidents/${encodeURIComponent(incident)}/evidence`));

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
  return get(pathOf(`history?${query}`), signal);
}

export function fetchProcessHistory(id: string, from: number, to: number): Promise<ProcessColumns> {
  return get(
    pathOf(`processes/${encodeURIComponent(id)}/history?from=${Math.floor(from)}&to=${Math.ceil(to)}`),
  );
}
