import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { syntheticRows } from '../../test/support/synthetic-machine.ts';
import type { MachineModel } from '../model/machine-model.ts';
import type { Matrix } from '../model/matrix.ts';
import { DriftMonitor, driftReference } from './drift.ts';

const COLUMNS = 20;
const HOUR = 3600;
const features = Array.from({ length: COLUMNS }, (_, column) => `m${column}`);
const scaling: MachineModel['scaling'] = {
  compress: features.map(() => 0),
  means: features.map(() => 0),
  deviations: features.map(() => 1),
};

/** What the monitor says after `seconds` of `rows`. */
function stateAfter(training: Matrix, rows: Matrix, seconds: number) {
  const monitor = new DriftMonitor({ features, scaling }, driftReference(training, 1));
  for (let row = 0; row < seconds; row++)
    monitor.observe(rows.data.subarray(row * COLUMNS, (row + 1) * COLUMNS), rows.at[row]!);
  return monitor.state();
}

function changed(rows: Matrix, columns: readonly number[], change: (value: number) => number): Matrix {
  const data = rows.data.slice();
  for (let row = 0; row < rows.rows; row++)
    for (const column of columns) data[row * COLUMNS + column] = change(data[row * COLUMNS + column]!);
  return { ...rows, data };
}

describe('drift', () => {
  const training = syntheticRows(4 * HOUR, COLUMNS, 1, 0.99);
  const later = syntheticRows(3 * HOUR, COLUMNS, 2, 0.99);

  it('is not seen where the machine stays as it was', () => {
    const state = stateAfter(training, later, 3 * HOUR);
    assert.deepEqual(state.drifted, []);
    assert.equal(state.due, false);
    assert.equal(state.metrics, COLUMNS);
  });

  it('names the metrics that moved or changed their spread, the furthest first, and asks for a training', () => {
    const moved = changed(
      changed(later, [4], (value) => value + 3),
      [7],
      (value) => value * 5,
    );
    const state = stateAfter(training, moved, 2 * HOUR);
    assert.deepEqual(state.drifted.map(({ metric }) => metric).toSorted(), ['m4', 'm7']);
    assert.ok(state.drifted.every(({ index, limit }) => index > limit && limit >= 0.25));
    assert.ok(
      state.drifted[0]!.index / state.drifted[0]!.limit >= state.drifted[1]!.index / state.drifted[1]!.limit,
    );
    assert.equal(state.due, true);
  });

  it('is no reason for a training in a single metric', () => {
    const state = stateAfter(
      training,
      changed(later, [4], (value) => value + 3),
      2 * HOUR,
    );
    assert.equal(state.drifted.length, 1);
    assert.equal(state.due, false);
  });

  it('expects of a metric that wandered in the training that it wanders on', () => {
    const wanders = training.data.slice();
    for (let row = 0; row < training.rows; row++) wanders[row * COLUMNS] = (6 * row) / training.rows;
    const rose = changed(later, [0], () => 6);
    assert.deepEqual(stateAfter({ ...training, data: wanders }, rose, 2 * HOUR).drifted, []);
    assert.equal(stateAfter(training, rose, 2 * HOUR).drifted.length, 1);
  });

  it('says nothing before the window is full, and counts no gaps', () => {
    const state = stateAfter(
      training,
      changed(later, [1, 2, 3], () => 9),
      HOUR - 10,
    );
    assert.equal(state.checkedAt, undefined);
    assert.equal(state.windowMs, HOUR * 1000);
    assert.ok(state.seenMs < HOUR * 1000);
    const sparse = { ...later, at: later.at.map((_, row) => row * 60_000) };
    assert.equal(stateAfter(training, sparse, HOUR).seenMs, 0);
  });

  it('forgets what is older than the window', () => {
    const monitor = new DriftMonitor({ features, scaling }, driftReference(training, 1));
    const row = (at: number, value: number | undefined): Float32Array =>
      value === undefined
        ? later.data.subarray(at * COLUMNS, (at + 1) * COLUMNS)
        : new Float32Array(COLUMNS).fill(value);
    for (let at = 0; at < HOUR + 60; at++) monitor.observe(row(at, 8), at * 1000);
    assert.equal(monitor.state().drifted.length, COLUMNS);
    for (let at = HOUR + 60; at < 3 * HOUR; at++) monitor.observe(row(at, undefined), at * 1000);
    assert.deepEqual(monitor.state().drifted, []);
  });
});
