import type { BrokenMetric } from '../../model/anomaly.ts';
import { formatRange, formatValue, metricLabel } from '../../model/display.ts';
import type { ReadSeries, Told } from '../notifier.ts';
import { bandOf } from '../words.ts';
import { drawChart, scaleOf } from './chart.ts';

/** Shown before the incident began. */
const BEFORE_MS = 30 * 60_000;
const FEWEST = 8;

/** A chart and what stands around it: text is no part of the picture, so that it can be read aloud and searched. */
export interface Picture {
  readonly png: Buffer;
  readonly title: string;
  /** Values at its upper and lower edge, times at its left and right one. */
  readonly top: string;
  readonly bottom: string;
  readonly from: string;
  readonly to: string;
  readonly caption: string;
}

/** Of the metric that broke most of all and has a history; undefined where none has. */
export function pictureOf({ notice }: Told, series: ReadSeries): Picture | undefined {
  const { incident, at } = notice;
  const from = incident.since - BEFORE_MS;
  const until = incident.closedAt ?? at;
  for (const metric of [...incident.metrics].sort((one, other) => other.share - one.share)) {
    const points = series(incident.host, metric.metric, from, at).filter(([, value]) =>
      Number.isFinite(value),
    );
    if (points.length >= FEWEST)
      return draw(metric, points, { since: incident.since, until, band: bandOf(incident) });
  }
  return undefined;
}

function draw(
  { metric, unit, expectedLow: low, expectedHigh: high }: BrokenMetric,
  points: readonly (readonly [number, number])[],
  { since, until, band }: { readonly since: number; readonly until: number; readonly band: string },
): Picture {
  const input = { points, low, high, since, until, ...(unit === '1' && { most: 1 }) };
  const { bottom, top } = scaleOf(input);
  const [first, last] = [points[0]![0], points.at(-1)![0]];
  return {
    png: drawChart(input),
    title: metricLabel(metric),
    top: formatValue(top, unit),
    bottom: formatValue(bottom, unit),
    from: time(first),
    to: time(last),
    caption: `green: ${band} ${formatRange(low, high, unit)}; red: the incident, from ${time(since)}`,
  };
}

const time = (at: number): string =>
  new Date(at).toLocaleString('sv', { hour: '2-digit', minute: '2-digit' });
