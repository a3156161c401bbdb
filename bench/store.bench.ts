import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '../src/lib/clock.ts';
import type { Series, Tick } from '../src/model/metric.ts';
import { openStore, type Store } from '../src/store/store.ts';
import { loadTrace } from '../test/support/trace.ts';
import { note, report } from './report.ts';

/** Room and time that a recorded trace takes in the history, beside plain rows (series, at, value) in SQLite. */
const bench = 'store';
const peer = 'SQLite rows';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const QUERIES = 15;
const ASKED = 40;

const trace = loadTrace('virtual-machine');
const folder = mkdtempSync(join(tmpdir(), 'homeostat-bench-'));
try {
  const minutes = (trace.ticks.at(-1)!.at - trace.ticks[0]!.at) / 60_000;
  note(`trace: ${minutes.toFixed(1)} min of ${trace.series.length} series at 1 s; ${trace.note}`);
  measureRoom('bytes_per_sample', trace.series, '<= 2');
  measureRoom('bytes_per_sample_moving', moving(), '<= 2');
  note(`a day: the trace end to end, ${ASKED} of its most lively series asked for`);
  measureDay();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Series that changed in at least half of the seconds. */
function moving(): Series[] {
  return byChanges()
    .filter(([, changes]) => changes > trace.ticks.length / 2)
    .map(([one]) => one);
}

/** Series with the number of ticks in which they changed, most first. */
function byChanges(): [Series, number][] {
  const last = new Map<Series, number>();
  const changes = new Map(trace.series.map((one) => [one, 0]));
  for (const { metrics } of trace.ticks) {
    for (const { series, value } of metrics) {
      if (last.get(series) !== value) changes.set(series, changes.get(series)! + 1);
      last.set(series, value);
    }
  }
  return [...changes].sort(([, a], [, b]) => b - a);
}

function only(ticks: readonly Tick[], some: ReadonlySet<Series>): Tick[] {
  return ticks.map(({ at, metrics }) => ({ at, metrics: metrics.filter(({ series }) => some.has(series)) }));
}

function count(ticks: readonly Tick[]): number {
  return ticks.reduce((sum, { metrics }) => sum + metrics.length, 0);
}

/**
 * What the trace adds to the file of an empty history (an empty table of rows): pages, indices, and for the history its
 * minutes and hours, are in the figures.
 */
function measureRoom(figure: string, some: readonly Series[], goal: string): void {
  const ticks = only(trace.ticks, new Set(some));
  const samples = count(ticks);
  const bytes = historyBytes(ticks) - historyBytes([]);
  const rows = rowBytes(ticks) - rowBytes([]);
  note(`${figure}: ${some.length} series, ${samples} samples, ${bytes} bytes; as rows ${rows} bytes`);
  report({ bench, figure, value: bytes / samples, unit: 'By', goal });
  report({ bench, figure: `${figure}_rows`, value: rows / samples, unit: 'By', peer });
  report({ bench, figure: `${figure}_ratio`, value: bytes / rows, unit: '1', peer });
}

function historyBytes(ticks: readonly Tick[]): number {
  const own = mkdtempSync(join(folder, 'history-'));
  const clock = new ManualClock(trace.ticks[0]!.at);
  const store = openStore({ folder: own, clock });
  feed(store, clock, ticks);
  // The next hour begins: all that came before is compacted.
  clock.advance(HOUR);
  store.append({ at: clock.now(), metrics: [] });
  while (store.maintain(1000));
  store.close();
  return used(join(own, 'history.db'));
}

function rowBytes(ticks: readonly Tick[]): number {
  return used(writeRows(join(mkdtempSync(join(folder, 'rows-')), 'rows.db'), ticks));
}

/** Bytes of the pages that hold something. */
function used(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  const free = Number(db.prepare('PRAGMA freelist_count').get()?.freelist_count);
  const size = Number(db.prepare('PRAGMA page_size').get()?.page_size);
  db.close();
  return statSync(path).size - free * size;
}

function feed(store: Store, clock: ManualClock, ticks: Iterable<Tick>): { append: number; slices: number[] } {
  let append = 0;
  const slices: number[] = [];
  for (const tick of ticks) {
    clock.advance(tick.at - clock.now());
    const before = performance.now();
    store.append(tick);
    const between = performance.now();
    store.maintain(0);
    append += between - before;
    slices.push(performance.now() - between);
  }
  store.flush();
  return { append: append / slices.length, slices };
}

function writeRows(path: string, ticks: Iterable<Tick>): string {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  db.exec(
    'CREATE TABLE sample (series INTEGER, at INTEGER, value REAL, PRIMARY KEY (series, at)) WITHOUT ROWID',
  );
  const insert = db.prepare('INSERT INTO sample VALUES (?, ?, ?)');
  const ids = new Map(trace.series.map((one, index) => [one, index]));
  db.exec('BEGIN');
  for (const { at, metrics } of ticks) {
    for (const { series, value } of metrics) insert.run(ids.get(series)!, at, value);
  }
  db.exec('COMMIT');
  db.close();
  return path;
}

/** The trace end to end, a second a tick, for 24 h. */
function* day(ticks: readonly Tick[], from: number): Generator<Tick> {
  for (let index = 0; index < DAY / 1000; index++) {
    yield { at: from + index * 1000, metrics: ticks[index % ticks.length]!.metrics };
  }
}

function measureDay(): void {
  const from = Date.UTC(2026, 0, 1);
  const asked = byChanges()
    .slice(0, ASKED)
    .map(([one]) => one);
  const clock = new ManualClock(from);
  const store = openStore({ folder: join(folder, 'day'), clock });
  const { append, slices } = feed(store, clock, day(trace.ticks, from));
  report({ bench, figure: 'append_us', value: append * 1000, unit: 'us' });
  const mean = slices.reduce((sum, slice) => sum + slice, 0) / slices.length;
  report({ bench, figure: 'maintain_us', value: mean * 1000, unit: 'us' });
  slices.sort((a, b) => a - b);
  report({
    bench,
    figure: 'slice_ms_p99.9',
    value: slices[Math.floor(slices.length * 0.999)]!,
    unit: 'ms',
    goal: '<= 20',
  });
  const metrics = asked.map(({ key }) => key);
  const own = median(() => store.query({ metrics, from, to: from + DAY }));
  const raw = median(() => store.query({ metrics, from, to: from + DAY, resolution: 1 }));
  store.close();
  const path = writeRows(join(folder, 'day.db'), day(only(trace.ticks, new Set(asked)), from));
  const rows = median(rowsByMinute(path, asked, from));
  report({ bench, figure: 'query_ms', value: own, unit: 'ms', goal: '<= 50' });
  report({ bench, figure: 'query_ms_rows', value: rows, unit: 'ms', peer });
  report({ bench, figure: 'query_ratio', value: own / rows, unit: '1', peer });
  report({ bench, figure: 'query_every_second_ms', value: raw, unit: 'ms' });
}

/** The same answer out of rows: mean, minimum and maximum of every minute. */
function rowsByMinute(path: string, asked: readonly Series[], from: number): () => unknown {
  const db = new DatabaseSync(path, { readOnly: true });
  const query = db.prepare(
    'SELECT at / 60000 AS minute, avg(value) AS mean, min(value) AS low, max(value) AS high FROM sample WHERE series = ? AND at >= ? AND at < ? GROUP BY at / 60000',
  );
  return () => asked.map((one) => query.all(trace.series.indexOf(one), from, from + DAY));
}

function median(work: () => unknown): number {
  const times = Array.from({ length: QUERIES }, () => {
    const before = performance.now();
    work();
    return performance.now() - before;
  });
  times.sort((a, b) => a - b);
  return times[QUERIES >> 1]!;
}
