import type { Cell, Column, Piece } from '../lib/table.ts';
import type { Frame, History } from '../model/history.ts';
import { parseSeriesKey } from '../model/metric.ts';

/** Long enough to use what one chunk gives, short enough for a few MB of memory. */
const SLICE_MS = 10 * 60_000;

export interface ExportQuery {
  /** ms since the epoch, inclusive and exclusive; left out: all that is kept. */
  readonly from?: number;
  readonly to?: number;
  /** Series keys; left out: all. */
  readonly metrics?: readonly string[];
}

export const SAMPLE_COLUMNS: readonly Column[] = [
  { name: 'at', type: 'time' },
  { name: 'metric', type: 'text' },
  { name: 'attributes', type: 'json' },
  { name: 'value', type: 'number' },
  { name: 'unit', type: 'text' },
];

/**
 * Raw telemetry, one row a sample, in the order of time; a piece's position is the moment before which all was told.
 * Streams: only ten minutes of samples are in memory at a time.
 */
export function* samples(history: History, query: ExportQuery = {}): Generator<Piece> {
  const known = history.series().filter(({ key }) => query.metrics?.includes(key) ?? true);
  if (known.length === 0) return;
  const first = Math.min(...known.map(({ firstAt }) => firstAt));
  const last = Math.max(...known.map(({ lastAt }) => lastAt));
  const from = Math.max(query.from ?? first, first);
  const to = Math.min(query.to ?? last + 1, last + 1);
  const metrics = known.map(({ key }) => key);
  for (let start = from; start < to; start = nextSlice(start)) {
    const position = Math.min(nextSlice(start), to);
    const { frames } = history.query({ metrics, from: start, to: position, resolution: 1 });
    yield {
      rows: rows(frames.filter(({ at }) => at.length > 0)),
      position,
      share: (position - from) / (to - from),
    };
  }
}

const nextSlice = (start: number): number => (Math.floor(start / SLICE_MS) + 1) * SLICE_MS;

function* rows(frames: readonly Frame[]): Generator<readonly Cell[]> {
  const next = frames.map(() => 0);
  const names = frames.map(describe);
  for (;;) {
    let moment = Number.POSITIVE_INFINITY;
    for (const [index, { at }] of frames.entries()) moment = Math.min(moment, at[next[index]!] ?? moment);
    if (moment === Number.POSITIVE_INFINITY) return;
    for (const [index, { at, mean, unit }] of frames.entries()) {
      if (at[next[index]!] !== moment) continue;
      const [name, attributes] = names[index]!;
      yield [moment, name, attributes, mean[next[index]!], unit];
      next[index]!++;
    }
  }
}

/** The name of a series, and its attributes as JSON. */
function describe({ metric }: Frame): readonly [string, string] {
  const series = parseSeriesKey(metric);
  return [series?.name ?? metric, JSON.stringify(series?.attributes ?? {})];
}
