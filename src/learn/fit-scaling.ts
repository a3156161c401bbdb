import { quantile } from '../lib/quantile.ts';
import type { Matrix } from '../model/matrix.ts';
import type { Series } from '../model/metric.ts';
import { compressed, type Scaling } from '../model/scaling.ts';

/** How one column is to be scaled. */
export interface ColumnRule {
  readonly key: string;
  /**
   * The smallest change that matters to a person, in the series' unit. A metric that never moved in training and then
   * moves by this much is one standard deviation away: it counts, and nothing is divided by zero.
   */
  readonly matters: number;
  /** True for what spans orders of magnitude: a change is then judged in proportion to what is usual. */
  readonly compress: boolean;
}

/** By unit; what is not listed here is a share (`1`) or stands in BY_NAME. */
const BY_UNIT: Readonly<Record<string, number>> = {
  By: 32 * 2 ** 20,
  'By/s': 64 * 2 ** 10,
  s: 0.002,
  '{connection}': 4,
  '{error}/s': 1,
  '{fault}/s': 4,
  '{file}': 64,
  '{interrupt}/s': 500,
  '{operation}/s': 8,
  '{packet}/s': 50,
  '{process}': 3,
  '{process}/s': 2,
  '{segment}/s': 2,
  '{switch}/s': 1000,
  '{thread}': 8,
};
const BY_NAME: Readonly<Record<string, number>> = {
  'system.linux.cpu.load_1m': 0.3,
  'system.linux.run_queue': 1,
  'system.memory.utilization': 0.004,
  'system.filesystem.utilization': 0.002,
  'system.paging.utilization': 0.004,
};
const SHARE = 0.02;
/** In units of asinh: a change of so much of what is usual is one standard deviation at the least. */
const LEAST_COMPRESSED = 0.05;
/** Where compression begins, in changes that matter, when the usual value is lower. */
const LINEAR_CHANGES = 10;

/** The rule of a series of the product: its unit says what matters. */
export function ruleOf({ key, name, definition: { unit } }: Series): ColumnRule {
  return {
    key,
    matters: BY_NAME[name] ?? BY_UNIT[unit] ?? SHARE,
    compress: unit !== '1' && name !== 'system.linux.cpu.load_1m',
  };
}

/** Learns the scaling of each column from the rows that train. */
export function fitScaling(train: Matrix, rules: readonly ColumnRule[]): Scaling {
  const columns = rules.map((rule, column) => fitColumn(train, column, rule));
  return {
    compress: columns.map(({ compress }) => compress),
    means: columns.map(({ mean }) => mean),
    deviations: columns.map(({ deviation }) => deviation),
    matters: columns.map(({ matters }) => matters),
  };
}

function fitColumn({ rows, columns, data }: Matrix, column: number, rule: ColumnRule) {
  const values = new Float64Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = data[row * columns + column]!;
    if (!Number.isNaN(value)) values[count++] = value;
  }
  const present = values.subarray(0, count);
  const compress = rule.compress ? Math.max(LINEAR_CHANGES * rule.matters, usual(present)) : 0;
  for (let index = 0; index < count; index++) present[index] = compressed(present[index]!, compress);
  const least = compress > 0 ? Math.max(LEAST_COMPRESSED, rule.matters / compress) : rule.matters;
  return { compress, matters: least, ...spread(present, least) };
}

/** The median of the absolute values. */
const usual = (values: Float64Array): number =>
  values.length === 0 ? 0 : quantile(values.map(Math.abs).sort(), 0.5);

/**
 * Mean and standard deviation, at least `least`. A metric that drifts (caches fill, files gather) will go on drifting:
 * the difference between the means of the two halves is added as if it were noise.
 */
function spread(values: Float64Array, least: number): { mean: number; deviation: number } {
  if (values.length === 0) return { mean: 0, deviation: least };
  const mean = average(values);
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const half = values.length >> 1;
  const drift = half === 0 ? 0 : average(values.subarray(half)) - average(values.subarray(0, half));
  return { mean, deviation: Math.max(least, Math.sqrt(squares / values.length + drift ** 2)) };
}

function average(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
