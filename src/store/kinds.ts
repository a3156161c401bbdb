/** What the history keeps, each kind in chunks of its own length. All times and lengths in ms. */
import { type Quantum, quantum } from './column.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type ChunkKind = 'raw' | 'minute' | 'hour' | 'process';
export type RolledKind = 'minute' | 'hour';
/** What arrives: ticks, and minutes of processes. */
export type TailKind = 'metrics' | 'process';

/** Length of a chunk: long enough to compress, short enough to be decoded within a slice of maintenance. */
export const WINDOW: Readonly<Record<ChunkKind, number>> = {
  raw: HOUR,
  minute: DAY,
  hour: 30 * DAY,
  process: HOUR,
};

export const STEP: Readonly<Record<RolledKind, number>> = { minute: MINUTE, hour: HOUR };

/** Entries that share a pack, by the id's upper bits: series that were first seen together lie together. */
export const SERIES_A_PART = 8;
export const PROCESSES_A_PART = 32;

export const floorTo = (at: number, length: number): number => Math.floor(at / length) * length;
export const ceilTo = (at: number, length: number): number => Math.ceil(at / length) * length;

/** The quanta of a series' packs, raw (value) and rolled up (minimum, mean - minimum, maximum - minimum). */
export interface SeriesQuanta {
  readonly raw: readonly Quantum[];
  readonly rolled: readonly Quantum[];
}

/** A mean is finer than the values it is made of. */
const MEAN_FINER = 8;

export function seriesQuanta(precision: number): SeriesQuanta {
  const step = quantum(precision);
  return { raw: [step], rolled: [step, quantum(precision, MEAN_FINER), step] };
}

/** Columns of a process pack: RSS, share of a CPU, bytes read and written a second, threads. */
export const PROCESS_QUANTA: readonly Quantum[] = [
  quantum(4096),
  quantum(1e-3),
  quantum(64),
  quantum(64),
  quantum(1),
];
