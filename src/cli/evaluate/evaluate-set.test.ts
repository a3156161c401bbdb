import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readSets } from '../../learn/evaluation/labelled-set.ts';
import { UserError } from '../../lib/errors.ts';
import { Random } from '../../lib/random.ts';
import { evaluateSet } from './evaluate-set.ts';
import type { Outcome } from './order.ts';

const TRAIN = 1500;
const TEST = 600;
const COLUMNS = 5;
/** First and last row of each event, and the column that breaks in it. */
const EVENTS = [
  [200, 219, 1],
  [450, 479, 3],
] as const;
/** Those that learn in milliseconds. */
const detectors = ['isolation-forest', 'principal-residual'];

/** A row: noise, a column that never moves, one that is often missing; in an event one column is far off. */
function rows(count: number, seed: number, events: typeof EVENTS | readonly []): Float32Array {
  const random = new Random(seed);
  const data = new Float32Array(count * COLUMNS);
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const isBroken = events.some(
        ([first, last, broken]) => row >= first && row <= last && column === broken,
      );
      data[row * COLUMNS + column] = 0.4 + 0.02 * random.normal() + (isBroken ? 0.5 : 0);
    }
    data[row * COLUMNS] = 0.25;
    if (row % 7 === 0) data[row * COLUMNS + 4] = Number.NaN;
  }
  return data;
}

interface Folder {
  readonly testRows?: number;
  readonly labels?: boolean;
  readonly meta?: object;
}

function run(t: TestContext, { testRows = TEST, labels = true, meta = {} }: Folder = {}): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-evaluate-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const set = {
    ...{ name: 'machine', features: COLUMNS, train_rows: TRAIN, test_rows: testRows, per_day: 1440 },
    ...{
      gap: 10,
      vus_window: 20,
      causes: EVENTS.map(([first, last, column]) => [first, last + 1, [column]]),
    },
    ...meta,
  };
  writeFileSync(join(folder, 'meta.json'), JSON.stringify([set]));
  writeFileSync(join(folder, 'machine.train.f32'), rows(TRAIN, 1, []));
  writeFileSync(join(folder, 'machine.test.f32'), rows(TEST, 2, EVENTS).subarray(0, testRows * COLUMNS));
  const label = new Uint8Array(TEST);
  for (const [first, last] of EVENTS) label.fill(1, first, last + 1);
  if (labels) writeFileSync(join(folder, 'machine.label.u8'), label.subarray(0, testRows));
  return [...evaluateSet({ folder, set: readSets(folder)[0]!, combinations: [detectors] })][0]!;
}

test('a plain set is learned, its events are found, and what broke is named', (t) => {
  const { scores, measures } = run(t);
  assert.deepEqual([scores.train.length, scores.test.length, scores.flags.length], [TRAIN, TEST, TEST]);
  assert.ok(measures && measures.aucPr > 0.8 && measures.vusPr > 0.8 && measures.aucRoc > 0.9);
  assert.deepEqual([measures.events?.found, measures.events?.events], [2, 2]);
  assert.deepEqual(measures.explained, { events: 2, right: 2 });
});

test('a row is scored and flagged without a look at what comes later', (t) => {
  const whole = run(t).scores;
  const begun = run(t, { testRows: 460 }).scores;
  assert.deepEqual(begun.test, whole.test.subarray(0, 460));
  assert.deepEqual(begun.flags, whole.flags.subarray(0, 460));
  assert.ok(begun.flags.includes(1));
});

test('a set without labels gets scores and flags, and no measures', (t) => {
  const { scores, measures } = run(t, { labels: false });
  assert.equal(measures, undefined);
  assert.deepEqual(scores, run(t).scores);
});

test('what the set does not tell is not measured, the rest is', (t) => {
  const { measures } = run(t, { meta: { gap: undefined, vus_window: undefined, causes: undefined } });
  assert.ok(measures && measures.aucPr > 0.8);
  assert.deepEqual(
    [measures.vusPr, measures.events, measures.explained],
    [Number.NaN, undefined, { events: 0, right: 0 }],
  );
});

test('too few rows to learn from are refused', (t) => {
  assert.throws(
    () => run(t, { meta: { features: TRAIN * COLUMNS, train_rows: 1 } }),
    (error) => error instanceof UserError && /set 'machine': 1 train rows; at least 60/.test(error.message),
  );
});
