import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateMeter } from './rate-meter.ts';

test('a rate is met within a few of its means, and forgotten as soon', () => {
  const meter = new RateMeter(500);
  let now = 1000;
  assert.equal(meter.perSecond(now), 0);
  for (; now < 4000; now += 10) meter.add(100, now);
  assert.ok(Math.abs(meter.perSecond(now) / 10_000 - 1) < 0.02, `${meter.perSecond(now)}`);
  assert.ok(meter.perSecond(now + 2500) < 100);
});
