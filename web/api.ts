import type { SessionAnswer } from '../src/model/access.ts';
import type { Anomaly } from '../src/model/anomaly.ts';
import type { Feedback, FeedbackAnswer } from '../src/model/feedback.ts';
import type { HostsAnswer } from '../src/model/host.ts';
import type { Incident } from '../src/model/incident.ts';
import type { Advice } from '../src/model/recommendation.ts';
import type { Band } from '../src/model/score.ts';
import type { ToldStatus } from '../src/model/status.ts';
import type { EvidenceAnswer, HistoryColumns, ProcessColumns, ProcessList, SeriesInfo } from './answers.ts';
import { session, signingIn } from './session.ts';

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
  return await answerTo<Answer>(await fetch(path, signal ? { signal } : {}));
}

/** A change: the header shows that this page sends it, and no other one in the same browser. */
async function send<Answer>(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
  const headers: Record<string, string> = {};
  const token = session.peek()?.csrfToken;
  if (token) headers['X-CSRF-Token'] = token;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const sent = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  return await answerTo<Answer>(await fetch(path, sent));
}

async function answerTo<Answer>(response: Response): Promise<Answer> {
  if (response.ok) return (await response.json()) as Answer;
  const body: unknown = await response.json().catch(() => ({}));
  const error = body instanceof Object && 'error' in body ? String(body.error) : response.statusText;
  if (response.status === 401) signingIn.value = true;
  throw new ApiError(response.status, error);
}

export async function loadSession(): Promise<void> {
  const answer = await get<SessionAnswer>('api/v1/session');
  session.value = answer;
  if (!answer.signedIn && !answer.readingIsOpen) signingIn.value = true;
}
export const signIn = (token: string) => send<unknown>('POST', 'api/v1/session', { token });
export const signOut = () => send<unknown>('DELETE', 'api/v1/session');

/** What is to be said of an incident, as the API takes it. */
export interface Wish {
  readonly verdict: Feedback['verdict'];
  readonly thisHour?: boolean;
  readonly expires?: string;
}

const feedbackPath = (incident: string, more = ''): string =>
  pathOf(`incidents/${encodeURIComponent(incident)}/feedback${more}`);

export const fetchFeedback = async (incident: string) =>
  (await get<{ feedback: readonly Feedback[] }>(feedbackPath(incident))).feedback;
export const previewFeedback = (incident: string, { verdict, thisHour, expires }: Wish) =>
  get<FeedbackAnswer>(
    feedbackPath(
      incident,
      `/preview?${new URLSearchParams({ verdict, ...(thisHour && { thisHour: 'true' }), ...(expires && { expires }) })}`,
    ),
  );
export const sayFeedback = (incident: string, wish: Wish) =>
  send<FeedbackAnswer>('POST', feedbackPath(incident), wish);
export const undoFeedback = (id: string) =>
  send<Feedback>('DELETE', pathOf(`feedback/${encodeURIComponent(id)}`));

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
