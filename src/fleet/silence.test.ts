import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../lib/clock.ts';
import { BACK_WITHIN_MS } from '../model/publish.ts';
import { SilenceWatch } from './silence.ts';

const INTERVAL = 10_000;

/** Lets time go on as the hub does: it looks every five seconds. */
function pass(clock: ManualClock, watch: SilenceWatch, ms: number, hears = true): void {
  for (let left = ms; left > 0; left -= 5000) {
    clock.advance(Math.min(5000, left));
    watch.look(hears);
  }
}

test('a host is silent after a minute, or three of its intervals where they are longer', () => {
  const clock = new ManualClock(1_000_000);
  const watch = new SilenceWatch(clock);
  watch.heard('web');
  pass(clock, watch, 60_000);
  assert.equal(watch.isSilent('web', INTERVAL), false);
  pass(clock, watch, 1);
  assert.equal(watch.isSilent('web', INTERVAL), true);
  assert.equal(watch.isSilent('web', 30_000), false);
  watch.heard('web');
  assert.equal(watch.isSilent('web', INTERVAL), false);
});

test('who was not heard since the start may wait for its next try as long as an agent ever does', () => {
  const clock = new ManualClock(1_000_000);
  const watch = new SilenceWatch(clock);
  pass(clock, watch, BACK_WITHIN_MS + 10_000);
  assert.equal(watch.isSilent('web', INTERVAL), false);
  pass(clock, watch, 10_000);
  assert.equal(watch.isSilent('web', INTERVAL), true);
  watch.heard('web');
  pass(clock, watch, 65_000);
  assert.equal(watch.isSilent('web', INTERVAL), true);
});

test('time in which the hub stood still or could take nothing does not count', () => {
  const clock = new ManualClock(1_000_000);
  const watch = new SilenceWatch(clock);
  watch.heard('web');
  clock.advance(3_600_000);
  watch.look(true);
  assert.equal(watch.isSilent('web', INTERVAL), false);
  pass(clock, watch, 600_000, false);
  assert.equal(watch.isSilent('web', INTERVAL), false);
  // Agents that were refused meanwhile wait, too.
  pass(clock, watch, BACK_WITHIN_MS);
  assert.equal(watch.isSilent('web', INTERVAL), false);
  pass(clock, watch, 20_000);
  assert.equal(watch.isSilent('web', INTERVAL), true);
});

test('a wall clock that is set makes nobody silent', () => {
  const clock = new ManualClock(1_000_000);
  const watch = new SilenceWatch(clock);
  watch.heard('web');
  clock.jump(7_200_000);
  pass(clock, watch, 10_000);
  assert.equal(watch.isSilent('web', INTERVAL), false);
});
