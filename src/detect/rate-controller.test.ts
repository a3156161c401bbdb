import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RateController } from './rate-controller.ts';

const DAY = 86_400_000;

it('asks for more after each alarm and for less after quiet time, never for less than at the start', () => {
  const controller = new RateController({ baseSeconds: 1000, raise: Math.LN2, alarmsPerDay: 2 });
  assert.equal(controller.threshold(), 1000);
  controller.alarmed();
  controller.alarmed();
  assert.ok(Math.abs(controller.threshold() - 4000) < 1e-6);
  controller.quiet(DAY / 2);
  assert.ok(Math.abs(controller.threshold() - 2000) < 1e-6);
  controller.quiet(9 * DAY);
  assert.equal(controller.threshold(), 1000);
});

it('comes down within days even after a burst of alarms', () => {
  const controller = new RateController({ baseSeconds: 86_400 });
  for (let alarm = 0; alarm < 500; alarm++) controller.alarmed();
  controller.quiet(9 * DAY);
  assert.equal(controller.threshold(), 86_400);
});

it('asks for no more than e^2 times the wish where the wish is rare, and is down again within weeks', () => {
  const base = 7 * 86_400;
  const controller = new RateController({ baseSeconds: base });
  for (let alarm = 0; alarm < 500; alarm++) controller.alarmed();
  assert.ok(Math.abs(controller.threshold() / base - Math.E ** 2) < 1e-9);
  controller.quiet(24 * DAY);
  assert.equal(controller.threshold(), base);
});
