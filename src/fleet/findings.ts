import { duration, timeOfDay } from '../lib/text.ts';
import type { Anomaly } from '../model/anomaly.ts';
import { formatRange, formatValue, metricLabel } from '../model/display.ts';
import { parseSeriesKey } from '../model/metric.ts';
import { severityOf } from '../model/severity.ts';
import type { Outlier } from './peers.ts';

const MINUTE = 60_000;
/** Metrics that a finding names. */
const MOST_METRICS = 5;

/** What an agent may not call its anomalies: these are the hub's own. */
export const HUB_PREFIX = 'hub-';

export interface Silent {
  readonly host: string;
  /** When it was last heard, and now; ms since the epoch. */
  readonly since: number;
  readonly at: number;
  readonly intervalMs: number;
  /** For how long it was heard without such a silence, ms. */
  readonly watchedMs: number;
}

/** Nothing is heard of a host that did not say that it stops. */
export function silenceFinding({ host, since, at, intervalMs, watchedMs }: Silent): Anomaly {
  const seconds = watchedMs / 1000;
  const severity = severityOf(seconds) ?? 'LOW';
  return {
    ...{ schema: 1, id: `${HUB_PREFIX}${host}-silence-${since}`, host, state: 'open', kind: 'silence' },
    ...{ severity, provisional: severityOf(seconds) === undefined, since, raisedAt: at },
    score: Math.log10(Math.max(1, watchedMs / intervalMs)),
    returnPeriodSeconds: seconds,
    ...{ metrics: [], culprits: [] },
    sentence: `Nothing is heard of ${host} since ${timeOfDay(since, at)}; it is usually heard every ${duration(intervalMs)}, and did not say that it stops.`,
  };
}

/** A host that does what its peers do not; `since`: the first of the minutes in a row. */
export function peersFinding(host: string, since: number, at: number, outliers: readonly Outlier[]): Anomaly {
  const seconds = (Math.max(...outliers.map(({ windows }) => windows)) * MINUTE) / 1000;
  const far = outliers.toSorted((one, other) => other.distance - one.distance);
  const all = far.reduce((sum, { distance }) => sum + distance, 0);
  return {
    ...{ schema: 1, id: `${HUB_PREFIX}${host}-peers-${since}`, host, state: 'open', kind: 'peers' },
    ...{ severity: 'LOW', provisional: false, since, raisedAt: at },
    score: Math.log10(Math.max(1, seconds / 60)),
    returnPeriodSeconds: seconds,
    metrics: far.slice(0, MOST_METRICS).map(({ metric, observed, expectedLow, expectedHigh, distance }) => ({
      ...{ metric, unit: unitOf(metric), observed, expectedLow, expectedHigh, share: distance / all },
    })),
    culprits: [],
    sentence: peersSentence(host, far, since, at),
  };
}

function peersSentence(
  host: string,
  [first, ...others]: readonly Outlier[],
  since: number,
  at: number,
): string {
  const { metric, observed, expectedLow, expectedHigh, peers } = first!;
  const unit = unitOf(metric);
  const also = others.slice(0, 2).map((other) => metricLabel(other.metric));
  const besides = also.length > 0 ? `, with ${also.join(' and ')},` : '';
  return `${host} is unlike its ${peers} peers since ${timeOfDay(since, at)}: ${metricLabel(metric)}${besides} is ${formatValue(observed, unit)}; by what they do it would be ${formatRange(expectedLow, expectedHigh, unit)}.`;
}

const unitOf = (metric: string): string => parseSeriesKey(metric)?.definition.unit ?? '';
