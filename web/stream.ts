import { batch } from '@preact/signals';
import type { Anomaly } from '../src/model/anomaly.ts';
import type { Incident } from '../src/model/incident.ts';
import type { ScoreNow, ToldStatus } from '../src/model/status.ts';
import {
  ApiError,
  fetchAnomalies,
  fetchBands,
  fetchIncidents,
  fetchSeries,
  fetchStatus,
  loadSession,
  pathOf,
} from './api.ts';
import { isPeriodGiven } from './navigate.ts';
import { tell } from './notify.ts';
import {
  anomalies,
  bands,
  connection,
  DAY,
  incidents,
  lastSampleAt,
  learnSkew,
  MINUTE,
  now,
  problem,
  refill,
  scannedAt,
  series,
  serverNow,
  showLive,
  status,
} from './state.ts';

export interface Sample {
  readonly at: number;
  readonly values: Readonly<Record<string, number>>;
  readonly score?: ScoreNow;
}

/** The server sends something each 10 s at the latest. */
const SILENCE_MS = 25_000;
const RETRY_MS = 2000;

const listeners = new Set<(sample: Sample) => void>();

/** Calls `listener` with each live sample until the returned function is called. */
export function onSample(listener: (sample: Sample) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Begins to follow the server; for good. */
export function follow(): void {
  void load();
  connect();
  setInterval(() => {
    now.value = serverNow();
  }, 1000);
  // What is learned changes slowly; a device that was plugged in brings new series.
  setInterval(() => void load(), 60_000);
}

async function load(): Promise<void> {
  try {
    const [newStatus, newSeries, newBands, newAnomalies, newIncidents] = await Promise.all([
      fetchStatus(),
      fetchSeries(),
      fetchBands(),
      fetchAnomalies(serverNow() - 30 * DAY),
      fetchIncidents(serverNow() - 30 * DAY),
    ]);
    batch(() => {
      if (!status.peek()) beginWithWhatThereIs(newStatus);
      takeStatus(newStatus);
      if (keysOf(newSeries) !== keysOf(series.peek())) series.value = newSeries;
      if (JSON.stringify(newBands) !== JSON.stringify(bands.peek())) bands.value = newBands;
      anomalies.value = newAnomalies;
      incidents.value = newIncidents;
      problem.value = undefined;
    });
  } catch (error) {
    if (error instanceof ApiError) problem.value = error.message;
    else if (!status.peek()) problem.value = 'Homeostat does not answer.';
  }
}

/** Minutes after the first start, a quarter of an hour would be an empty chart. */
function beginWithWhatThereIs({ at, store }: ToldStatus): void {
  if (!isPeriodGiven && at - (store.oldestAt ?? at) < 10 * MINUTE) showLive(5 * MINUTE);
}

const keysOf = (all: readonly { readonly key: string }[] | undefined): string | undefined =>
  all?.map(({ key }) => key).join('\n');

function takeStatus(next: ToldStatus): void {
  const phase = status.peek()?.learning?.model?.id;
  learnSkew(next.at);
  status.value = next;
  if (next.lastSampleAt !== undefined) takeSampleTime(next.lastSampleAt);
  if (phase !== undefined && phase !== next.learning?.model?.id)
    void fetchBands().then((all) => (bands.value = all));
}

function takeSampleTime(at: number): void {
  if (at > (lastSampleAt.peek() ?? 0)) lastSampleAt.value = at;
}

function connect(): void {
  const source = new EventSource(pathOf('stream'));
  let heardAt = performance.now();
  const heard = <Data>(type: string, take: (data: Data) => void): void => {
    source.addEventListener(type, (event) => {
      heardAt = performance.now();
      take(JSON.parse((event as MessageEvent<string>).data) as Data);
    });
  };
  heard<Sample>('sample', takeSample);
  heard<ToldStatus>('status', (next) => batch(() => takeStatus(next)));
  heard<Anomaly>('anomaly', takeAnomaly);
  heard<Incident>('incident', takeIncident);
  heard<{ at: number }>('processes', ({ at }) => (scannedAt.value = at));
  heard<unknown>('gap', () => refill.value++);
  heard<unknown>('heartbeat', () => {});
  source.addEventListener('open', () => {
    heardAt = performance.now();
    if (connection.peek() === 'lost') {
      refill.value++;
      void load();
    }
    connection.value = 'live';
  });
  const again = (): void => {
    connection.value = 'lost';
    clearInterval(watch);
    source.close();
    setTimeout(connect, RETRY_MS);
    // A session that ended cuts the stream too, and its answer says no more than that.
    void loadSession().catch(() => {});
  };
  source.addEventListener('error', again);
  const watch = setInterval(() => {
    if (performance.now() - heardAt > SILENCE_MS) again();
  }, 1000);
}

function takeSample(sample: Sample): void {
  batch(() => {
    takeSampleTime(sample.at);
    now.value = serverNow();
    const current = status.peek();
    if (current && sample.score) status.value = { ...current, score: sample.score };
    if (!series.peek()?.length) void load();
  });
  for (const listener of listeners) listener(withScore(sample));
}

/** The score is a series like any other, whether or not the sample says so. */
function withScore(sample: Sample): Sample {
  if (!sample.score) return sample;
  return { ...sample, values: { ...sample.values, 'homeostat.score': sample.score.value } };
}

function takeAnomaly(anomaly: Anomaly): void {
  const others = (anomalies.peek() ?? []).filter(({ id }) => id !== anomaly.id);
  anomalies.value = [...others, anomaly].sort((one, other) => other.since - one.since);
}

function takeIncident(incident: Incident): void {
  const known = incidents.peek() ?? [];
  if (!known.some(({ id }) => id === incident.id)) void tell(incident);
  const others = known.filter(({ id }) => id !== incident.id);
  incidents.value = [...others, incident].sort((one, other) => other.since - one.since);
}
