import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combinationsOf } from './ablation.ts';
import type { Outcome } from './order.ts';
import { groupLines, groupOf } from './summary.ts';

const outcome = (set: string, aucPr: number, falseAlarms: number, days: number): Outcome => ({
  set,
  detectors: ['one'],
  scores: { train: new Float32Array(), test: new Float32Array(), flags: new Uint8Array() },
  measures: {
    aucPr,
    vusPr: Number.NaN,
    aucRoc: 0.5,
    events: { events: 4, found: 2, falseAlarms, days, falseDays: 0 },
    explained: { events: 2, right: 1 },
  },
  scoreMicroseconds: 1,
});

test('sets belong to the collection that their names begin with', () => {
  for (const [set, group] of [
    ['machine-1-2', 'SMD'],
    ['omi-12', 'ASD'],
    ['host-b-7', 'host-b'],
    ['host7', 'host'],
    ['7', '7'],
  ])
    assert.equal(groupOf(set!), group);
});

test('a group has the mean of the areas, the sums of events and days, and names its worst set', () => {
  const [line] = groupLines([outcome('omi-1', 0.2, 1, 10), outcome('omi-2', 0.6, 5, 10)]);
  assert.deepEqual(
    [line!.name, line!.sets, line!.measures!.events, line!.measures!.explained, line!.worstFalseADay],
    ['ASD', 2, { events: 8, found: 4, falseAlarms: 6, days: 20, falseDays: 0 }, { events: 4, right: 2 }, 0.5],
  );
  assert.ok(Math.abs(line!.measures!.aucPr - 0.4) < 1e-12);
  assert.ok(Number.isNaN(line!.measures!.vusPr));
});

test('what ships is compared with all but one of it and with each alone, none of them twice', () => {
  assert.deepEqual(
    combinationsOf(['a', 'b'], ['a', 'b', 'c']).map(
      ({ title, detectors }) => `${title}: ${detectors.join('+')}`,
    ),
    ['what ships: a+b', 'without a: b', 'without b: a', 'c alone: c'],
  );
  assert.deepEqual(
    combinationsOf(['a'], ['a']).map(({ title }) => title),
    ['what ships'],
  );
});
