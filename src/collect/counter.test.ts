import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Metric, series } from '../model/metric.ts';
import { Counter, Interval, pushGauge, Rate } from './counter.ts';

const RATE = series('system.linux.context_switches');

/** Feeds `[monotonic ms, value]` and gives the rates, undefined where there is none. */
function rates(points: readonly (readonly [at: number, value: number])[]): (number | undefined)[] {
  const interval = new Interval();
  const rate = new Rate(RATE);
  return points.map(([at, value]) => {
    const metrics: Metric[] = [];
    rate.push(metrics, value, interval.step(at));
    return metrics[0]?.value;
  });
}

test('a counter becomes its increase per second of monotonic time, from the second look on', () => {
  assert.deepEqual(
    rates([
      [0, 100],
      [1000, 150],
      [3000, 250],
    ]),
    [undefined, 50, 50],
  );
});

test('a gap longer than three intervals gives no rate', () => {
  assert.deepEqual(
    rates([
      [0, 0],
      [1000, 10],
      [5000, 50],
      [6000, 60],
    ]),
    [undefined, 10, undefined, 10],
  );
});

test('a longer interval from now on is one gap, and then usual', () => {
  assert.deepEqual(
    rates([
      [0, 0],
      [1000, 1],
      [11_000, 11],
      [21_000, 21],
    ]),
    [undefined, 1, undefined, 1],
  );
});

test('a counter that fell, wrapped at 32 bits or was reset gives no rate', () => {
  assert.deepEqual(
    rates([
      [0, 4_294_967_290],
      [1000, 4],
      [2000, 14],
    ]),
    [undefined, undefined, 10],
  );
});

test('a counter that says 0 or 2^64-1 for a moment makes no spike on either side', () => {
  assert.deepEqual(
    rates([
      [0, 1e12],
      [1000, 0],
      [2000, 1e12 + 5],
      [3000, 1e12 + 9],
    ]),
    [undefined, undefined, undefined, 4],
  );
  assert.deepEqual(
    rates([
      [0, 7],
      [1000, 2 ** 64],
      [2000, 9],
      [3000, 10],
    ]),
    [undefined, undefined, undefined, 1],
  );
});

test('two looks at the same moment, and a clock that stands still, give no rate', () => {
  assert.deepEqual(
    rates([
      [5, 1],
      [5, 9],
    ]),
    [undefined, undefined],
  );
});

test('no counter ever gives an infinite or negative increase', () => {
  const value = fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 32, 2 ** 53, 2 ** 64, Number.NaN));
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const counter = new Counter();
      for (const each of values) {
        const increase = counter.increase(each);
        assert.ok(Number.isNaN(increase) || (increase >= 0 && increase < 2 ** 63));
      }
    }),
    { seed: 1 },
  );
});

test('a gauge that could not be read, or is a negative number printed as unsigned, is absent', () => {
  const metrics: Metric[] = [];
  for (const value of [Number.NaN, 2 ** 64, Number.POSITIVE_INFINITY, 3]) pushGauge(metrics, RATE, value);
  assert.deepEqual(
    metrics.map((metric) => metric.value),
    [3],
  );
});
