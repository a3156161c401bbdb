import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Backoff } from './backoff.ts';
import { Random } from './random.ts';

const almostOne = (): number => 1 - 2 ** -32;

test('the longest wait doubles up to its cap, and begins anew after a success', () => {
  const backoff = new Backoff({ baseMs: 100, capMs: 1000, random: almostOne });
  const waits = Array.from({ length: 6 }, () => Math.round(backoff.next()));
  assert.deepEqual(waits, [100, 200, 400, 800, 1000, 1000]);
  backoff.reset();
  assert.equal(Math.round(backoff.next()), 100);
});

test('every wait is between the hint and the hint plus the cap, also after a thousand failures', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 60_000 }), fc.nat({ max: 1000 }), (seed, hintMs, failures) => {
      const random = new Random(seed);
      const backoff = new Backoff({ baseMs: 500, capMs: 30_000, random: () => random.next() });
      for (let failure = 0; failure < failures; failure++) backoff.next();
      const wait = backoff.next(hintMs);
      assert.ok(wait >= hintMs && wait < hintMs + 30_000, `${wait}`);
    }),
    { numRuns: 50 },
  );
});

test('many that failed at one moment come back spread over the whole wait', () => {
  const random = new Random(1);
  const waits = Array.from({ length: 1000 }, () =>
    new Backoff({ baseMs: 1000, capMs: 1000, random: () => random.next() }).next(),
  );
  const perTenth = Array.from(
    { length: 10 },
    (_, tenth) => waits.filter((wait) => Math.floor(wait / 100) === tenth).length,
  );
  assert.ok(
    perTenth.every((count) => count > 60 && count < 140),
    perTenth.join(' '),
  );
});
