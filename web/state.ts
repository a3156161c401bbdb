import { computed, signal } from '@preact/signals';
import type { Anomaly } from '../src/model/anomaly.ts';
import type { Incident } from '../src/model/incident.ts';
import type { Band } from '../src/model/score.ts';
import type { ToldStatus } from '../src/model/status.ts';
import type { Against } from './address.ts';
import type { SeriesInfo } from './answers.ts';
import { catalog } from './catalog.ts';
import type { Layout } from './process-groups.ts';

/** What the charts show: the last `span` ms, moving; or a period that stands still. */
export type View =
  | { readonly kind: 'live'; readonly span: number }
  | { readonly kind: 'fixed'; readonly from: number; readonly to: number };

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const RANGES = [
  { label: '5 min', span: 5 * MINUTE },
  { label: '15 min', span: 15 * MINUTE },
  { label: '1 h', span: HOUR },
  { label: '6 h', span: 6 * HOUR },
  { label: '24 h', span: DAY },
  { label: '7 d', span: 7 * DAY },
  { label: '30 d', span: 30 * DAY },
] as const;

export const status = signal<ToldStatus | undefined>(undefined);
export const series = signal<readonly SeriesInfo[] | undefined>(undefined);
export const bands = signal<Readonly<Record<string, Band>>>({});
export const anomalies = signal<readonly Anomaly[] | undefined>(undefined);
/** Of the last 30 days, newest first. */
export const incidents = signal<readonly Incident[] | undefined>(undefined);
export const openIncident = signal<string | undefined>(undefined);
export const selectedId = signal<string | undefined>(undefined);
export const view = signal<View>({ kind: 'live', span: 15 * MINUTE });
export const openProcess = signal<string | undefined>(undefined);
/** The moment whose processes are listed, ms since the epoch; undefined: now. */
export const moment = signal<number | undefined>(undefined);
export const layout = signal<Layout>('list');
export const against = signal<Against>('nothing');
/** How long before it lies what the charts are laid over, ms; 0: nothing. */
export const againstMs = computed(() => ({ nothing: 0, day: DAY, week: 7 * DAY })[against.value]);
export const helpOpen = signal(false);
export const paletteOpen = signal(false);

/** `lost`: the stream is cut. Whether a sample is overdue is told by `sampleAge`. */
export const connection = signal<'connecting' | 'live' | 'lost'>('connecting');
/** Why there is nothing to show, as the server says it. */
export const problem = signal<string | undefined>(undefined);
export const lastSampleAt = signal<number | undefined>(undefined);
/** Counts up when something was missed: what is shown must be fetched again. */
export const refill = signal(0);
/** Time of the last process scan that the stream told of. */
export const scannedAt = signal(0);

/** The server's clock less ours, ms: a viewer's clock may be wrong. */
let skew = 0;
export const serverNow = (): number => Date.now() + skew;
export function learnSkew(at: number): void {
  skew = at - Date.now();
}
/** The server's time, moved on each second. */
export const now = signal(Date.now());

/** What there is to draw; it changes when a device comes or goes. */
export const groups = computed(() => (series.value ? catalog(series.value) : undefined));
/** The id of the chart that a series is drawn in, by the series' key. */
export const chartOf = computed(
  () =>
    new Map(
      groups.value?.flatMap(({ charts }) =>
        charts.flatMap(({ id, devices }) =>
          [...devices.values()].flat().map(({ key }) => [key, id] as const),
        ),
      ),
    ),
);

export const selected = computed(() => anomalies.value?.find(({ id }) => id === selectedId.value));

/** ms since the last sample; undefined before the first. */
export const sampleAge = computed(() =>
  lastSampleAt.value === undefined ? undefined : Math.max(0, now.value - lastSampleAt.value),
);
/** A sample is overdue after three intervals, five seconds at least. */
export const stale = computed(
  () =>
    sampleAge.value !== undefined &&
    sampleAge.value >
      Math.max(5000, 3 * (status.value?.presence?.everyMs ?? status.value?.intervals?.metricsMs ?? 1000)),
);

/** Not reactive for the moving view: read at drawing time. */
export function period(): { readonly from: number; readonly to: number } {
  const current = view.peek();
  if (current.kind === 'fixed') return current;
  const to = serverNow();
  return { from: to - current.span, to };
}

export function showLive(span?: number): void {
  const before = view.peek();
  selectedId.value = undefined;
  view.value = { kind: 'live', span: span ?? (before.kind === 'live' ? before.span : 15 * MINUTE) };
}

/** What fits on a screen and still has a sample each second; and what the history keeps. */
const NARROWEST = 30_000;
const WIDEST = 2 * 365 * DAY;

/** Shows `factor` times as much time, `around` (the end of what is shown, where it is left out) staying where it is. */
export function zoom(factor: number, around?: number): void {
  const { from, to } = period();
  const span = Math.min(WIDEST, Math.max(NARROWEST, (to - from) * factor));
  if (around === undefined && view.peek().kind === 'live') {
    showLive(span);
    return;
  }
  const fixed = around ?? to;
  const start = fixed - ((fixed - from) / (to - from)) * span;
  showPeriod(start, start + span);
}

/** Shows what is `ms` later (before, where it is negative). Back at the present, the view moves again. */
export function move(ms: number): void {
  const { from, to } = period();
  if (to + ms >= serverNow()) showLive(to - from);
  else showPeriod(from + ms, to + ms);
}

/** There is nothing to see after now. */
function showPeriod(from: number, to: number): void {
  const end = Math.min(to, serverNow());
  view.value = { kind: 'fixed', from: end - (to - from), to: end };
}

/** Marks the anomaly on every chart and shows what was around it: as long before as it lasted, five minutes at least. */
export function showAnomaly(anomaly: Anomaly): void {
  selectedId.value = anomaly.id;
  showAround(anomaly.since, anomaly.closedAt);
}

/** Shows something that lasted from `since` to `until` (now, where it lasts) with what was around it. */
export function showAround(since: number, until: number | undefined): void {
  const end = until ?? serverNow();
  const margin = Math.max(5 * MINUTE, (end - since) * 0.6);
  view.value = { kind: 'fixed', from: since - margin, to: Math.min(end + margin, serverNow() + MINUTE) };
}
