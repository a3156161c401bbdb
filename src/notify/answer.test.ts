import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeOf } from './answer.ts';

const NOW = Date.UTC(2026, 10, 21, 14, 0, 0);

const answered = (status: number, retryAfter?: string, text = '') =>
  outcomeOf(
    { status, text, headers: { ...(retryAfter !== undefined && { 'retry-after': retryAfter }) } },
    NOW,
  );

test('2xx is sent, what passes by itself is tried again, the rest is refused', () => {
  const kinds = [
    200, 202, 204, 301, 400, 401, 403, 404, 408, 410, 413, 422, 425, 429, 500, 502, 503, 504, 599,
  ];
  const by = (kind: string) => kinds.filter((status) => answered(status).kind === kind);
  assert.deepEqual(by('sent'), [200, 202, 204]);
  assert.deepEqual(by('retry'), [408, 425, 429, 500, 502, 503, 504, 599]);
  assert.deepEqual(by('failed'), [301, 400, 401, 403, 404, 410, 413, 422]);
});

const waits: readonly [string | undefined, number | undefined][] = [
  ['120', 120_000],
  ['0', 0],
  ['Sat, 21 Nov 2026 14:02:00 GMT', 120_000],
  ['Saturday, 21-Nov-26 14:02:00 GMT', 120_000],
  ['Sat, 21 Nov 2026 13:00:00 GMT', 0],
  ['-5', undefined],
  ['soon', undefined],
  ['1e9', undefined],
  ['99999999999999999999', undefined],
  [undefined, undefined],
];

for (const [header, afterMs] of waits)
  test(`Retry-After: ${header} is ${afterMs} ms`, () => {
    const outcome = answered(429, header);
    assert.equal(outcome.kind === 'retry' ? outcome.afterMs : 'not', afterMs);
  });

test('what the other side says is one printable line', () => {
  const outcome = answered(403, undefined, 'no\r\n\u001b[31mway');
  assert.deepEqual(outcome, { kind: 'failed', why: 'HTTP 403: no\\x0d\\x0a\\x1b[31mway' });
});
