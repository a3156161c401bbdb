import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttemptLimit } from './attempt-limit.ts';
import { ManualClock } from './clock.ts';

test('an address that failed ten times waits, others do not, and a minute later it has ten again', () => {
  const clock = new ManualClock();
  const limit = new AttemptLimit(clock);
  for (let attempt = 0; attempt < 10; attempt++) {
    assert.equal(limit.waitMs('a'), 0, `attempt ${attempt}`);
    limit.failed('a');
  }
  assert.equal(limit.waitMs('a'), 6000);
  assert.equal(limit.waitMs('b'), 0);
  clock.advance(6000);
  assert.equal(limit.waitMs('a'), 0);
  limit.failed('a');
  assert.ok(limit.waitMs('a') > 0);
  clock.advance(60_000);
  for (let attempt = 0; attempt < 10; attempt++) {
    assert.equal(limit.waitMs('a'), 0);
    limit.failed('a');
  }
});

test('the addresses of one IPv6 network wait together, however many they are, and nobody else does', () => {
  const limit = new AttemptLimit(new ManualClock());
  for (let host = 1; host <= 2000; host++) limit.failed(`2001:db8:0:7::${host.toString(16)}`);
  assert.ok(limit.waitMs('2001:db8:0:7:ffff::1') > 0);
  assert.equal(limit.waitMs('2001:db8:0:8::1'), 0);
  assert.equal(limit.waitMs('192.0.2.1'), 0);
});

test('very many addresses together wait as well', () => {
  const limit = new AttemptLimit(new ManualClock());
  for (let address = 0; address < 6000; address++) limit.failed(`${address}`);
  assert.ok(limit.waitMs('another') > 0);
});
