import type { Tick } from '../model/metric.ts';
import { floorTo, HOUR, type TailKind } from './kinds.ts';
import { type Entry, encodePack } from './pack.ts';
import type { SeriesTable, StoredSeries } from './series-table.ts';

/** A row of the tail: some seconds of all series, or a minute of all processes. */
export interface TailRow {
  readonly kind: TailKind;
  readonly hour: number;
  readonly samples: number;
  readonly pack: Uint8Array;
}

/**
 * Rows from ticks, in the order in which they came. A row ends with its hour, and where the wall clock went back: within
 * a row time only moves on. `created` gets each series that the history did not know.
 */
export function packTicks(
  ticks: readonly Tick[],
  table: SeriesTable,
  created: (series: StoredSeries) => void,
): TailRow[] {
  const rows: TailRow[] = [];
  for (let start = 0; start < ticks.length; ) {
    let end = start + 1;
    const hour = floorTo(ticks[start]!.at, HOUR);
    while (end < ticks.length && follows(ticks[end - 1]!, ticks[end]!, hour)) end++;
    const row = packRun(ticks.slice(start, end), hour, table, created);
    if (row) rows.push(row);
    start = end;
  }
  return rows;
}

const follows = (before: Tick, after: Tick, hour: number): boolean =>
  Math.round(after.at) > Math.round(before.at) && floorTo(after.at, HOUR) === hour;

function packRun(
  ticks: readonly Tick[],
  hour: number,
  table: SeriesTable,
  created: (series: StoredSeries) => void,
): TailRow | undefined {
  const columns = new Map<number, Float64Array>();
  let samples = 0;
  for (const [index, { at, metrics }] of ticks.entries()) {
    for (const { series, value } of metrics) {
      if (!Number.isFinite(value)) continue;
      const id = table.idOf(series, Math.round(at), created);
      let column = columns.get(id);
      if (!column) {
        column = new Float64Array(ticks.length).fill(Number.NaN);
        columns.set(id, column);
      }
      if (Number.isNaN(column[index]!)) samples++;
      column[index] = value;
    }
  }
  if (samples === 0) return undefined;
  const at = Float64Array.from(ticks, (tick) => Math.round(tick.at));
  const entries: Entry[] = [...columns]
    .sort(([a], [b]) => a - b)
    .map(([id, column]) => ({ id, columns: [column] }));
  const pack = encodePack(at, entries, (id) => table.get(id)!.quanta.raw, true);
  return { kind: 'metrics', hour, samples, pack };
}
