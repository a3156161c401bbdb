import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenBucket } from './token-bucket.ts';

test('a burst is taken at once, then as many as come back; the wait that it names is enough and not too long', () => {
  const bucket = new TokenBucket(10, 5, 0);
  for (let count = 0; count < 5; count++) assert.equal(bucket.take(1, 0), 0);
  assert.equal(bucket.take(1, 0), 100);
  assert.equal(bucket.take(1, 99), 1);
  assert.equal(bucket.take(1, 100), 0);
  assert.equal(bucket.take(1, 10_000), 0);
  assert.equal(bucket.take(5, 10_000), 100, 'no more than the bound was kept');
});

test('what is larger than the bound is taken from a full bucket, and is a debt afterwards', () => {
  const bucket = new TokenBucket(10, 5, 0);
  assert.equal(bucket.take(15, 0), 0);
  assert.equal(bucket.debtMs(0), 1000);
  assert.equal(bucket.take(15, 1000), 500);
  bucket.charge(1, 1000);
  assert.equal(bucket.debtMs(1000), 100);
  assert.equal(bucket.debtMs(1100), 0);
  assert.equal(bucket.isFull(1599), false);
  assert.equal(bucket.isFull(1600), true);
});

test('never more than the burst and the rate allow, whoever asks when', () => {
  const asks = fc.array(fc.record({ after: fc.nat(2000), count: fc.integer({ min: 1, max: 20 }) }));
  fc.assert(
    fc.property(asks, (asked) => {
      const bucket = new TokenBucket(100, 20, 0);
      let now = 0;
      let taken = 0;
      for (const { after, count } of asked) {
        now += after;
        if (bucket.take(count, now) === 0) taken += count;
        assert.ok(taken <= 20 + now / 10 + 0.01);
      }
    }),
  );
});
