// Spans that nobody can record within a test are generated: test/support/generated-machine.ts says by which model.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MachineAlarms } from '../src/agent/machine-alarms.ts';
import { createEnsemble } from '../src/detect/ensemble.ts';
import { DEFAULT_DETECTORS } from '../src/detect/registry.ts';
import { DriftMonitor, driftReference } from '../src/learn/drift.ts';
import { type FittedModel, fit } from '../src/learn/fit.ts';
import { fitScaling } from '../src/learn/fit-scaling.ts';
import { poissonInterval } from '../src/lib/poisson.ts';
import { DEFAULT_ALARMS_PER_WEEK } from '../src/model/alarm-rate.ts';
import type { Anomaly } from '../src/model/anomaly.ts';
import type { Matrix } from '../src/model/matrix.ts';
import { standardise } from '../src/model/scaling.ts';
import { generateMachine, METRICS, type MetricName, MONDAY } from './support/generated-machine.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const RULES = METRICS.map((key) => ({ key, matters: 0.01, compress: false }));

const rowOf = ({ data, columns }: Matrix, row: number): Float32Array =>
  data.subarray(row * columns, (row + 1) * columns);

const columnOf = (name: MetricName): number => METRICS.indexOf(name);

describe('generated weeks, with office hours, a backup each night and a job each Sunday', () => {
  const weeks = 3;
  const stepSeconds = 60;
  const learned = generateMachine({ from: MONDAY, days: 7 * weeks, stepSeconds, seed: 1 });
  const model = fit(
    { ...learned, data: learned.data.slice() },
    { rules: RULES, detectors: DEFAULT_DETECTORS, stepSeconds, seed: 1, progress: () => {} },
  );
  const next = MONDAY + 7 * weeks * DAY;
  const sunday = next + 6 * DAY;

  it('raise in the week after no more than was wished for, and nothing HIGH', () => {
    const raised = watch(model, generateMachine({ from: next, days: 7, stepSeconds, seed: 2 }));
    assert.ok(raised.length <= poissonInterval(DEFAULT_ALARMS_PER_WEEK).high, `${raised.length} raised`);
    assert.deepEqual(
      raised.filter(({ severity }) => severity === 'HIGH'),
      [],
    );
    assert.deepEqual(raised.filter(within(sunday + 2.9 * HOUR, sunday + 3.8 * HOUR)), []);
  });

  it("let the load of a weekday's noon be found at three on a Sunday morning", () => {
    const change = (values: Float32Array, at: number): void => {
      if (at < sunday + 3 * HOUR || at >= sunday + 3.75 * HOUR) return;
      for (const name of ['cpu', 'runQueue', 'packets', 'switches'] as const) values[columnOf(name)]! += 0.35;
    };
    const raised = watch(model, generateMachine({ from: next, days: 7, stepSeconds, seed: 2, change }));
    const [found] = raised.filter(within(sunday + 2.9 * HOUR, sunday + 3.8 * HOUR));
    assert.ok(found, 'nothing was raised');
    assert.match(found.metrics[0]!.metric, /^(cpu|runQueue|packets|switches)$/);
  });
});

describe('generated days in which something creeps up', () => {
  const stepSeconds = 10;
  const days = 7;
  const training = generateMachine({ from: MONDAY, days, stepSeconds, seed: 3 });
  const scaling = fitScaling(training, RULES);
  const standardised = { ...training, data: training.data.slice() };
  for (let row = 0; row < training.rows; row++)
    standardise(scaling, rowOf(training, row), rowOf(standardised, row));
  const reference = driftReference(standardised, stepSeconds);

  /** Names of the metrics that have drifted after another week, in which `name` gains `daily` each day. */
  const drifted = (name: MetricName, daily: number): readonly string[] => {
    const from = MONDAY + days * DAY;
    const change = (values: Float32Array, at: number): void => {
      values[columnOf(name)]! += (daily * (at - from)) / DAY;
    };
    const later = generateMachine({ from, days, stepSeconds, seed: 4, change });
    const monitor = new DriftMonitor({ features: METRICS, scaling }, reference);
    for (let row = 0; row < later.rows; row++) monitor.observe(rowOf(later, row), later.at[row]!);
    return monitor.state().drifted.map(({ metric }) => metric);
  };

  it('show which metric it is', () => {
    assert.deepEqual(drifted('memory', 0.1), ['memory']);
    assert.deepEqual(drifted('sockets', 0.1), ['sockets']);
  });

  it('show nothing where nothing does', () => {
    assert.deepEqual(drifted('memory', 0), []);
  });
});

const within =
  (from: number, to: number) =>
  ({ since }: Anomaly): boolean =>
    since >= from && since < to;

/** What the product raises on these rows, each anomaly as it was last. */
function watch(model: FittedModel, rows: Matrix): readonly Anomaly[] {
  const ensemble = createEnsemble({ ...model, bands: {} });
  const raised = new Map<string, Anomaly>();
  const alarms = new MachineAlarms({
    host: 'generated',
    stepSeconds: model.stepSeconds,
    culprits: { baseline: () => undefined, attribute: () => [] },
    reach: () => model.calibration.returns.longest,
    onAnomaly: (anomaly) => void raised.set(anomaly.id, anomaly),
  });
  for (let row = 0; row < rows.rows; row++) {
    const at = rows.at[row]!;
    alarms.tick({ at, score: ensemble.score(rowOf(rows, row), at), phase: 'calibrated' }, at);
  }
  return [...raised.values()];
}
