import { Random } from '../../src/lib/random.ts';
import { FEATURES } from '../../src/model/features.ts';
import type { Matrix } from '../../src/model/matrix.ts';

/** Milliseconds: 2026-03-14, midnight UTC. */
export const START = Date.UTC(2026, 2, 14);

/**
 * A machine out of a seed: a load that wanders with a memory of `memory` (0: none), and features that follow it
 * together, each with noise of its own. One row a second, `columns` features around 0.
 */
export function syntheticRows(rows: number, columns: number, seed: number, memory = 0.9): Matrix {
  const random = new Random(seed);
  const data = new Float32Array(rows * columns);
  const fresh = Math.sqrt(1 - memory ** 2);
  let load = 0;
  for (let row = 0; row < rows; row++) {
    load = memory * load + fresh * random.normal();
    for (let column = 0; column < columns; column++) {
      const follows = column % 3 === 0 ? 0 : 0.8;
      data[row * columns + column] = follows * load + 0.6 * random.normal();
    }
  }
  return { rows, columns, data, at: Float64Array.from({ length: rows }, (_, row) => START + row * 1000) };
}

/** The same machine as values of the product's own features: shares stay in 0..1, rates are what a quiet machine does. */
export function syntheticSeries(seconds: number, seed: number): Record<string, Float32Array> {
  const wander = syntheticRows(seconds, FEATURES.length, seed);
  return Object.fromEntries(
    FEATURES.map(({ key, definition }, column) => {
      const usual = definition.unit === '1' ? 0.1 : definition.precision * 100;
      return [
        key,
        Float32Array.from({ length: seconds }, (_, row) =>
          Math.max(0, usual * (1 + 0.2 * wander.data[row * FEATURES.length + column]!)),
        ),
      ];
    }),
  );
}
