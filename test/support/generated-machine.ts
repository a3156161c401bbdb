import { Random } from '../../src/lib/random.ts';
import type { Matrix } from '../../src/model/matrix.ts';

/** A Monday, midnight UTC. */
export const MONDAY = Date.UTC(2026, 2, 2);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Generated, not recorded: a server of an office, for spans that nobody can record within a test. All times UTC.
 * - Demand: .1 at night; on Monday to Friday it rises to .5 between 8 and 18 h (raised cosine), at the weekend to .18.
 * - It wanders around that: AR(1) with a memory of 30 minutes and a deviation of 12 % of the demand.
 * - Bursts: Poisson, eight a day, each 3 to 10 minutes long, .05 to .25 of demand on top.
 * - A backup each night from 2:00, 25 minutes (2 more or less): reads and writes the disk, some CPU.
 * - A job each Sunday from 4:00, two hours: reads the disk, much CPU.
 * - Each metric follows these with weights of its own, and has noise of its own: normal, 3 % of its range.
 * Nothing in it was chosen after a look at what a detector makes of it.
 */
export const METRICS = [
  'cpu',
  'system',
  'runQueue',
  'memory',
  'read',
  'write',
  'packets',
  'switches',
  'sockets',
] as const;
export type MetricName = (typeof METRICS)[number];

/** What each metric takes from demand, backup and Sunday's job, and where it lies with none of them. */
const WEIGHTS: Readonly<Record<MetricName, readonly [number, number, number, number]>> = {
  cpu: [0.9, 0.1, 0.5, 0.02],
  system: [0.25, 0.1, 0.1, 0.01],
  runQueue: [0.8, 0.05, 0.6, 0.05],
  memory: [0.3, 0.05, 0.1, 0.4],
  read: [0.1, 0.7, 0.8, 0.01],
  write: [0.15, 0.6, 0, 0.03],
  packets: [0.7, 0.05, 0, 0.04],
  switches: [0.75, 0.15, 0.2, 0.05],
  sockets: [0.5, 0, 0, 0.1],
};
const NOISE = 0.03;
const WANDER_MS = 30 * MINUTE;
const BURSTS_A_DAY = 8;

export interface GeneratedOptions {
  readonly from: number;
  readonly days: number;
  readonly stepSeconds: number;
  readonly seed: number;
  /** Changes a row's values in place, in the order of METRICS: a drift, a fault. */
  readonly change?: (values: Float32Array, at: number) => void;
}

export function generateMachine({ from, days, stepSeconds, seed, change }: GeneratedOptions): Matrix {
  const random = new Random(seed);
  const step = stepSeconds * 1000;
  const rows = Math.round((days * DAY) / step);
  const columns = METRICS.length;
  const data = new Float32Array(rows * columns);
  const times = Float64Array.from({ length: rows }, (_, row) => from + row * step);
  const memory = Math.exp(-step / WANDER_MS);
  let wander = random.normal();
  let burst = { until: 0, size: 0 };
  let backup = { day: -1, minutes: 0 };
  for (let row = 0; row < rows; row++) {
    const at = times[row]!;
    wander = memory * wander + Math.sqrt(1 - memory ** 2) * random.normal();
    if (random.next() < (BURSTS_A_DAY * step) / DAY)
      burst = { until: at + (3 + 7 * random.next()) * MINUTE, size: 0.05 + 0.2 * random.next() };
    const day = Math.floor(at / DAY);
    if (backup.day !== day) backup = { day, minutes: 25 + 2 * random.normal() };
    const demand = usualDemand(at) * (1 + 0.12 * wander) + (at < burst.until ? burst.size : 0);
    const parts = [demand, isBackup(at, backup.minutes) ? 1 : 0, isSundaysJob(at) ? 1 : 0];
    const values = data.subarray(row * columns, (row + 1) * columns);
    for (const [column, name] of METRICS.entries()) {
      const [toDemand, toBackup, toJob, rest] = WEIGHTS[name];
      const mean = rest + toDemand * parts[0]! + toBackup * parts[1]! + toJob * parts[2]!;
      values[column] = Math.max(0, mean + NOISE * random.normal());
    }
    change?.(values, at);
  }
  return { rows, columns, data, at: times };
}

function usualDemand(at: number): number {
  const hour = (at % DAY) / HOUR;
  const peak = isWeekend(at) ? 0.08 : 0.4;
  const rise = hour < 6 || hour > 20 ? 0 : (1 - Math.cos((2 * Math.PI * (hour - 6)) / 14)) / 2;
  return 0.1 + peak * Math.min(1, 1.4 * rise);
}

/** Days since the epoch began on a Thursday. */
const weekday = (at: number): number => (Math.floor(at / DAY) + 4) % 7;
const isWeekend = (at: number): boolean => weekday(at) === 0 || weekday(at) === 6;
const isBackup = (at: number, minutes: number): boolean => {
  const minute = (at % DAY) / MINUTE - 120;
  return minute >= 0 && minute < minutes;
};
const isSundaysJob = (at: number): boolean =>
  weekday(at) === 0 && (at % DAY) / HOUR >= 4 && (at % DAY) / HOUR < 6;
