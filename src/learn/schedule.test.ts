import assert from 'node:assert/strict';
import { it } from 'node:test';
import { nextTrainingMs, phaseFor } from './schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const spans = { provisionalAfterMs: 10 * MINUTE, calibratedAfterMs: 24 * HOUR };

function schedule(count: number, of = spans): number[] {
  const times: number[] = [];
  for (let seen: number | undefined; times.length < count; ) {
    seen = nextTrainingMs(seen, of);
    times.push(seen / MINUTE);
  }
  return times;
}

it('trains early and often, then once a day', () => {
  assert.deepEqual(schedule(10), [10, 30, 60, 120, 240, 480, 960, 1440, 2880, 4320]);
});

it('takes other spans, also a calibration that comes with the first model', () => {
  const short = { provisionalAfterMs: MINUTE, calibratedAfterMs: 4 * MINUTE };
  assert.deepEqual(schedule(3, short), [1, 3, 4]);
  assert.deepEqual(schedule(2, { provisionalAfterMs: 5 * MINUTE, calibratedAfterMs: MINUTE }), [1, 1441]);
});

it('calls a model calibrated only when enough was seen', () => {
  assert.equal(phaseFor(24 * HOUR - 1, spans), 'provisional');
  assert.equal(phaseFor(24 * HOUR, spans), 'calibrated');
});
