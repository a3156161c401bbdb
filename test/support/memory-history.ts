import type { Frame, History, HistoryAnswer, HistoryQuery } from '../../src/model/history.ts';
import { parseSeriesKey } from '../../src/model/metric.ts';

/** A history of a few series in memory, one point a second (or `stepMs`), for tests that need no disk. NaN is a gap. */
export function memoryHistory(
  startAt: number,
  values: Readonly<Record<string, Float64Array | Float32Array>>,
  stepMs = 1000,
): History {
  return {
    series: () =>
      Object.entries(values).map(([key, points]) => ({
        key,
        unit: unitOf(key),
        firstAt: startAt,
        lastAt: startAt + (points.length - 1) * stepMs,
      })),
    query: (query) => answer(query, startAt, values, stepMs),
    processHistory: () => [],
    processesAt: () => undefined,
    anomalies: () => [],
    breaches: () => [],
  };
}

function answer(
  { metrics, from, to }: HistoryQuery,
  startAt: number,
  values: Readonly<Record<string, Float64Array | Float32Array>>,
  stepMs: number,
): HistoryAnswer {
  const frames = metrics.map((metric): Frame => {
    const at: number[] = [];
    const mean: number[] = [];
    const points = values[metric] ?? [];
    const first = Math.max(0, Math.ceil((from - startAt) / stepMs));
    for (let step = first; step < points.length && startAt + step * stepMs < to; step++) {
      if (Number.isNaN(points[step]!)) continue;
      at.push(startAt + step * stepMs);
      mean.push(points[step]!);
    }
    const array = Float64Array.from(mean);
    return { metric, unit: unitOf(metric), at: Float64Array.from(at), mean: array, min: array, max: array };
  });
  return { stepSeconds: stepMs / 1000, frames };
}

const unitOf = (key: string): string => parseSeriesKey(key)?.definition.unit ?? '';
