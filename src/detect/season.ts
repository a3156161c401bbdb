import { quantile } from '../lib/quantile.ts';
import type { EncodedModel } from '../model/detector.ts';
import { type Matrix, slice } from '../model/matrix.ts';

/**
 * Where each metric usually is at this time of the day, or of the week: a machine that follows the clock is compared with
 * itself at the same time, and a night's load at noon is then as plain as a metric that breaks.
 */
export interface Season {
  readonly periodMs: number;
  /** Medians of each part of the period, parts x columns, standardised; the same in all parts where a metric has no season. */
  readonly table: Float32Array;
}

const DAY_MS = 86_400_000;
const PARTS_A_DAY = 96;
/** Longest first: what follows the week follows the day as well. */
const PERIODS_MS = [7 * DAY_MS, DAY_MS];
/** The same hour must have been seen so often. */
const LEAST_PERIODS = 3;
/** A metric follows the clock when, on later rows, its season leaves at most so much of its variance. */
const LEAVES = 0.3;
/**
 * So many of the metrics that move must follow the clock. A part of them does on most machines, and a season of few that is taken
 * off makes what is left of them loud: on labelled machines that lost more than it found.
 */
const MOST = 0.6;
/** A season that leaves nearly all of a metric's variance is none of its own. */
const WORTH = 0.95;
/** Of a metric that is looked at by itself: the season must account for a third of its variance. */
const WORTH_ALONE = 0.67;
/** Deviations in standardised units below which a metric does not move. */
const MOVES = 0.05;
/** The share of a past that is learned; the rest, later, judges. */
const PAST_LEARNED = 0.8;

/**
 * For what looks at the whole machine. Undefined while the same hours were not seen often enough, and for a machine that does not follow
 * the clock. Learned from the past where there is one (`LearnContext.past`), else from the rows themselves; judged on later ones.
 */
export function learnSeason(train: Matrix, validate: Matrix, past?: Matrix): Season | undefined {
  return longest(train, validate, past, (left) => {
    const moving = left.filter((share) => !Number.isNaN(share)).length;
    const following = left.filter((share) => share <= LEAVES).length;
    return moving > 0 && following / moving >= MOST ? WORTH : undefined;
  });
}

/** For what looks at each metric by itself: the season of those that have one. Undefined while none has. */
export function learnSeasons(train: Matrix, validate: Matrix, past?: Matrix): Season | undefined {
  return longest(train, validate, past, (left) =>
    left.some((share) => share <= WORTH_ALONE) ? WORTH_ALONE : undefined,
  );
}

/** `accept` is told what share of each metric's variance a season leaves, and says how much a metric's own may leave to be kept. */
function longest(
  train: Matrix,
  validate: Matrix,
  past: Matrix | undefined,
  accept: (left: Float64Array) => number | undefined,
): Season | undefined {
  const border = past ? Math.floor(past.rows * PAST_LEARNED) : 0;
  const learned = past ? slice(past, 0, border) : train;
  const later = past ? slice(past, border, past.rows) : validate;
  const span = (learned.at.at(-1) ?? 0) - (learned.at[0] ?? 0);
  if (later.rows === 0) return undefined;
  for (const periodMs of PERIODS_MS) {
    if (span < LEAST_PERIODS * periodMs) continue;
    const season = { periodMs, table: medians(learned, periodMs) };
    const level = levels(learned);
    const left = varianceLeft(season, level, later);
    const most = accept(left);
    if (most === undefined) continue;
    if (past) bringUpToDate(season, later);
    flatten(season.table, past ? new Float32Array(level.length) : level, left, most);
    return season;
  }
  return undefined;
}

/** Weeks give the shape; where a metric lies by now is what the later rows say: what has crept up since is no news. */
function bringUpToDate(season: Season, later: Matrix): void {
  const { rows, columns, data, at } = later;
  const { table } = season;
  const off = data.slice();
  for (let row = 0; row < rows; row++) {
    const part = partOf(season, at[row]!, columns);
    for (let column = 0; column < columns; column++) off[row * columns + column]! -= table[part + column]!;
  }
  for (const [column, moved] of levels({ ...later, data: off }).entries())
    for (let place = column; place < table.length; place += columns) table[place]! += moved;
}

/**
 * Metrics whose season leaves more than `most` of their variance have none: they are compared with `level`, which beside a past is 0, the
 * mean of the rows that train.
 */
function flatten(table: Float32Array, level: Float32Array, left: Float64Array, most: number): void {
  for (const [column, share] of left.entries()) {
    if (share <= most) continue;
    for (let at = column; at < table.length; at += level.length) table[at] = level[column]!;
  }
}

/**
 * Whether the direction in which all metrics swing together is the season's, and gone with it. One that is learned of minutes knows the slow
 * swing alone: within minutes the load goes up and down as before.
 */
export const hasTakenOffSwing = (season: Season | undefined, past: Matrix | undefined): boolean =>
  season !== undefined && past === undefined;

/** Where the part of `at` begins in the table. */
export function partOf({ periodMs, table }: Season, at: number, columns: number): number {
  const parts = table.length / columns;
  const within = ((at % periodMs) + periodMs) % periodMs;
  return Math.min(parts - 1, Math.floor((within / periodMs) * parts)) * columns;
}

/** For each column the share of its variance that the season leaves on these rows; NaN where it hardly moves. */
function varianceLeft(season: Season, level: Float32Array, rows: Matrix): Float64Array {
  const { columns, data, at } = rows;
  const off = new Float64Array(columns);
  const whole = new Float64Array(columns);
  const counts = new Float64Array(columns);
  for (let row = 0; row < rows.rows; row++) {
    const part = partOf(season, at[row]!, columns);
    for (let column = 0; column < columns; column++) {
      const value = data[row * columns + column]!;
      if (Number.isNaN(value)) continue;
      off[column]! += (value - season.table[part + column]!) ** 2;
      whole[column]! += (value - level[column]!) ** 2;
      counts[column]!++;
    }
  }
  return off.map((sum, column) =>
    whole[column]! > MOVES ** 2 * counts[column]! ? sum / whole[column]! : Number.NaN,
  );
}

/** Medians; 0 of a metric that was never seen. */
function levels(rows: Matrix): Float32Array {
  const every = Int32Array.from({ length: rows.rows }, (_, row) => row);
  return Float32Array.from({ length: rows.columns }, (_, column) => medianOf(rows, every, column) || 0);
}

/** Medians of each part, then smoothed over its neighbours, around the period. A part that was never seen takes the whole's median. */
function medians(rows: Matrix, periodMs: number): Float32Array {
  const { columns, at } = rows;
  const parts = Math.round((periodMs / DAY_MS) * PARTS_A_DAY);
  const members: number[][] = Array.from({ length: parts }, () => []);
  const empty: Season = { periodMs, table: new Float32Array(parts) };
  for (let row = 0; row < rows.rows; row++) members[partOf(empty, at[row]!, 1)]!.push(row);
  const whole = levels(rows);
  const raw = new Float32Array(parts * columns);
  for (const [part, own] of members.entries()) {
    for (let column = 0; column < columns; column++) {
      const median = own.length === 0 ? Number.NaN : medianOf(rows, own, column);
      raw[part * columns + column] = Number.isNaN(median) ? whole[column]! : median;
    }
  }
  return raw.map((value, index) => {
    const before = raw.at(index - columns)!;
    const after = raw[(index + columns) % raw.length]!;
    return (before + value + after) / 3;
  });
}

function medianOf({ columns, data }: Matrix, members: ArrayLike<number>, column: number): number {
  const values = new Float32Array(members.length);
  let count = 0;
  for (let index = 0; index < members.length; index++) {
    const value = data[members[index]! * columns + column]!;
    if (!Number.isNaN(value)) values[count++] = value;
  }
  return count === 0 ? Number.NaN : quantile(values.subarray(0, count).sort(), 0.5);
}

/** The season's part of an encoded model; nothing where there is none. */
export function encodeSeason(season: Season | undefined): EncodedModel {
  return season
    ? { facts: { periodMs: season.periodMs }, arrays: { season: season.table } }
    : { facts: {}, arrays: {} };
}

/** A season out of a model file, undefined where it holds none. Throws where it does not fit `columns`; `name` is the detector's. */
export function decodeSeason(
  name: string,
  { facts, arrays }: EncodedModel,
  columns: number,
): Season | undefined {
  const { periodMs } = facts;
  const { season } = arrays;
  if (periodMs === undefined && season === undefined) return undefined;
  if (typeof periodMs !== 'number' || !(season instanceof Float32Array) || season.length % columns !== 0)
    throw new Error(`${name}: the parts do not fit together`);
  return { periodMs, table: season };
}
