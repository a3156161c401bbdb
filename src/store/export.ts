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

/**
 * Raw telemetry, one JSON object a sample and line, in the order of time, line ends included:
 * `{"at":"2026-01-31T12:00:00.000Z","metric":"system.disk.io","attributes":{"disk.io.direction":"read"},"value":512,"unit":"By/s"}`.
 * Streams: only ten minutes of samples are in memory at a time.
 */
export function* exportJsonl(history: History, query: ExportQuery = {}): Generator<string> {
  const known = history.series().filter(({ key }) => query.metrics?.includes(key) ?? true);
  if (known.length === 0) return;
  const first = Math.min(...known.map(({ firstAt }) => firstAt));
  const last = Math.max(...known.map(({ lastAt }) => lastAt));
  const from = Math.max(query.from ?? first, first);
  const to = Math.min(query.to ?? last + 1, last + 1);
  const metrics = known.map(({ key }) => key);
  for (let start = from; start < to; start = nextSlice(start)) {
    const { frames } = history.query({
      metrics,
      from: start,
      to: Math.min(nextSlice(start), to),
      resolution: 1,
    });
    yield* lines(frames.filter(({ at }) => at.length > 0));
  }
}

const nextSlice = (start: number): number => (Math.floor(start / SLICE_MS) + 1) * SLICE_MS;

function* lines(frames: readonly Frame[]): Generator<string> {
  const next = frames.map(() => 0);
  const endings = frames.map(describe);
  for (;;) {
    let moment = Number.POSITIVE_INFINITY;
    for (const [index, { at }] of frames.entries()) moment = Math.min(moment, at[next[index]!] ?? moment);
    if (moment === Number.POSITIVE_INFINITY) return;
    const time = JSON.stringify(new Date(moment));
    for (const [index, { at, mean }] of frames.entries()) {
      if (at[next[index]!] !== moment) continue;
      const [before, after] = endings[index]!;
      yield `{"at":${time},${before}${mean[next[index]!]}${after}\n`;
      next[index]!++;
    }
  }
}

/** What stands before and after the value in every line of a series. */
function describe({ metric, unit }: Frame): [string, string] {
  const series = parseSeriesKey(metric);
  const name = JSON.stringify(series?.name ?? metric);
  const attributes = JSON.stringify(series?.attributes ?? {});
  return [`"metric":${name},"attributes":${attributes},"value":`, `,"unit":${JSON.stringify(unit)}}`];
}
