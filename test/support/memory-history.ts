import type { Frame, History, HistoryAnswer, HistoryQuery } from '../../src/model/history.ts';
import { parseSeriesKey } from '../../src/model/metric.ts';

/** A history of a few series in memory, one point a second, for tests that need no disk. NaN is a gap. */
export function memoryHistory(
  startAt: number,
  values: Readonly<Record<string, Float64Array | Float32Array>>,
): History {
  return {
    series: () =>
      Object.entries(values).map(([key, points]) => ({
        key,
        unit: unitOf(key),
        firstAt: startAt,
        lastAt: startAt + (points.length - 1) * 1000,
      })),
    query: (query) => answer(query, startAt, values),
    processHistory: () => [],
    processesAt: () => undefined,
    anomalies: () => [],
  };
}

function answer(
  { metrics, from, to }: HistoryQuery,
  startAt: number,
  values: Readonly<Record<string, Float64Array | Float32Array>>,
): HistoryAnswer {
  const frames = metrics.map((metric): Frame => {
    const at: number[] = [];
    const mean: number[] = [];
    const points = values[metric] ?? [];
    const first = Math.max(0, Math.ceil((from - startAt) / 1000));
    for (let second = first; second < points.length && startAt + second * 1000 < to; second++) {
      if (Number.isNaN(points[second]!)) continue;
      at.push(startAt + second * 1000);
      mean.push(points[second]!);
    }
    const array = Float64Array.from(mean);
    return { metric, unit: unitOf(metric), at: Float64Array.from(at), mean: array, min: array, max: array };
  });
  return { stepSeconds: 1, frames };
}

const unitOf = (key: string): string => parseSeriesKey(key)?.definition.unit ?? '';
