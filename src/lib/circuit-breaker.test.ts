import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CircuitBreaker } from './circuit-breaker.ts';
import { ManualClock } from './clock.ts';

function setUp(random = () => 0) {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({
    ...{ failures: 3, openMs: 10_000, longestMs: 60_000, random, now: () => clock.monotonic() },
  });
  const fail = (times: number): void => {
    for (let time = 0; time < times; time++) breaker.failed();
  };
  return { clock, breaker, fail };
}

test('it opens after failures in a row, and not after as many with a success between', () => {
  const { breaker, fail } = setUp();
  fail(2);
  breaker.succeeded();
  fail(2);
  assert.deepEqual([breaker.state, breaker.waitMs()], ['closed', 0]);
  fail(1);
  assert.deepEqual([breaker.state, breaker.waitMs()], ['open', 10_000]);
});

test('when its time is over one try decides: it closes, or opens for twice as long up to the longest', () => {
  const { clock, breaker, fail } = setUp();
  fail(3);
  for (const wait of [10_000, 20_000, 40_000, 60_000, 60_000]) {
    assert.deepEqual([breaker.state, breaker.waitMs()], ['open', wait]);
    clock.advance(wait);
    assert.deepEqual([breaker.state, breaker.waitMs()], ['half-open', 0]);
    fail(1);
  }
  breaker.succeeded();
  assert.equal(breaker.state, 'closed');
  fail(3);
  assert.equal(breaker.waitMs(), 10_000);
});

test('it stays open up to half as long again by chance', () => {
  const { breaker, fail } = setUp(() => 0.5);
  fail(3);
  assert.equal(breaker.waitMs(), 12_500);
});
