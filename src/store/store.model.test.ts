import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../lib/clock.ts';
import { series } from '../model/metric.ts';
import { openHistory, openStore, type Store } from './store.ts';

const START = Date.UTC(2026, 4, 31, 22, 58, 0);
const YEARS = 50 * 365 * 86_400_000;
/** Nothing is dropped: the model keeps everything. */
const KEEP = { rawMs: YEARS, minuteMs: YEARS, hourMs: YEARS };
const SERIES = Array.from({ length: 11 }, (_, index) =>
  series('system.network.io', { device: `eth${index}` }),
);

/** What the store must hold: the last value written for each series and ms. */
type Model = Map<string, Map<number, number>>;

interface World {
  readonly folder: string;
  readonly clock: ManualClock;
  store: Store;
  readonly model: Model;
}

type Action = (world: World) => void;

const tick = fc
  .record({
    step: fc.constantFrom(0, 400, 1000, 1001, 5000, 10_000),
    values: fc.array(fc.option(fc.integer()), { maxLength: 11 }),
  })
  .map(
    ({ step, values }): Action =>
      (world) => {
        world.clock.advance(step);
        const at = world.clock.now();
        const metrics = values.flatMap((value, index) =>
          value === null ? [] : [{ series: SERIES[index]!, value }],
        );
        world.store.append({ at, metrics });
        for (const {
          series: { key },
          value,
        } of metrics) {
          const known = world.model.get(key) ?? new Map<number, number>();
          world.model.set(key, known.set(at, value));
        }
      },
  );

const actions: fc.Arbitrary<Action> = fc.oneof(
  { weight: 20, arbitrary: tick },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 60_000, max: 9_000_000 }).map(
      (gap): Action =>
        ({ clock }) =>
          clock.advance(gap),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.integer({ min: -9_000_000, max: 9_000_000 }).map(
      (ms): Action =>
        ({ clock }) =>
          clock.jump(ms),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Action>(({ store }) => store.flush()) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 40 }).map((slices): Action => maintain(slices)) },
  { weight: 1, arbitrary: fc.constant<Action>(reopen) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.integer({ min: -3, max: 3 }), fc.nat(8)).map(
      ([hours, long]): Action =>
        (world) =>
          check(world, world.store, hours, long),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Action>(checkReader) },
);

/** Some slices of maintenance: a clock that stands still would let it do all there is in one call. */
function maintain(slices: number): Action {
  return ({ store }) => {
    for (let left = slices; left > 0 && store.maintain(-1); left--);
  };
}

function reopen(world: World): void {
  world.store.close();
  world.store = openStore({ folder: world.folder, clock: world.clock, retention: KEEP });
}

function checkReader(world: World): void {
  world.store.flush();
  const reader = openHistory(world.folder);
  try {
    check(world, reader, -400_000, 800_000);
  } finally {
    reader.close();
  }
}

/** Asks for a period around now, at each resolution, and compares every point. */
function check(world: World, asked: Pick<Store, 'query'>, hoursBefore: number, hoursLong: number): void {
  const from = world.clock.now() + hoursBefore * 3_600_000 - 1_234_567;
  const to = from + hoursLong * 3_600_000 + 1_000_000;
  const metrics = SERIES.map(({ key }) => key);
  const exact = asked.query({ metrics, from, to, resolution: 1 });
  for (const { metric, at, mean } of exact.frames) {
    const wanted = period(world.model, metric, from, to);
    assert.deepEqual(
      Array.from(at, (moment, index) => [moment, mean[index]]),
      wanted,
    );
  }
  for (const resolution of [60, 3600] as const) {
    const step = resolution * 1000;
    const rolled = asked.query({ metrics, from, to, resolution });
    for (const { metric, at, mean, min, max } of rolled.frames) {
      const wanted = rollUp(
        period(world.model, metric, Math.floor(from / step) * step, Math.ceil(to / step) * step),
        step,
      );
      assert.deepEqual([...at], [...wanted.keys()]);
      for (const [index, values] of [...wanted.values()].entries()) {
        assert.equal(min[index], Math.min(...values));
        assert.equal(max[index], Math.max(...values));
        const average = values.reduce((sum, value) => sum + value, 0) / values.length;
        assert.ok(Math.abs(mean[index]! - average) < 0.07, `${mean[index]} for ${average}`);
      }
    }
  }
}

const period = (model: Model, key: string, from: number, to: number): [number, number][] =>
  [...(model.get(key) ?? [])].filter(([at]) => at >= from && at < to).sort(([a], [b]) => a - b);

function rollUp(points: readonly [number, number][], step: number): Map<number, number[]> {
  const steps = new Map<number, number[]>();
  for (const [at, value] of points) {
    const begin = Math.floor(at / step) * step;
    steps.set(begin, [...(steps.get(begin) ?? []), value]);
  }
  return steps;
}

test('whatever is done to it, in whatever order, the history answers what was written', () => {
  fc.assert(
    fc.property(fc.array(actions, { minLength: 5, maxLength: 120 }), (list) => {
      const folder = mkdtempSync(join(tmpdir(), 'homeostat-model-'));
      const clock = new ManualClock(START);
      const world: World = {
        folder,
        clock,
        store: openStore({ folder, clock, retention: KEEP }),
        model: new Map(),
      };
      try {
        for (const action of list) action(world);
        checkReader(world);
        for (let more = true; more; ) more = world.store.maintain(5);
        reopen(world);
        checkReader(world);
        assert.deepEqual(world.store.losses(), []);
      } finally {
        world.store.close();
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { seed: 20260531, numRuns: 60 },
  );
});
