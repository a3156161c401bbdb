import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, parseMoment, parseSize } from './units.ts';

test('a span of time is a number with a unit', () => {
  const cases: readonly [string, number | undefined][] = [
    ['250ms', 250],
    ['90s', 90_000],
    ['1.5 h', 5_400_000],
    ['2y', 2 * 365 * 864e5],
    ['10', undefined],
    ['0s', undefined],
    ['-5m', undefined],
    ['5 parsecs', undefined],
    ['1constructor', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of cases) assert.equal(parseDuration(text), expected, text);
});

test('a size is a number with a unit of bytes', () => {
  assert.equal(parseSize('1GiB'), 1024 ** 3);
  assert.equal(parseSize('200 MB'), 2e8);
  assert.equal(parseSize('1gib'), undefined);
});

test('a moment is an ISO time or a span before now', () => {
  assert.equal(parseMoment('1h', 10_000_000), 6_400_000);
  assert.equal(parseMoment('2026-01-02T03:04:05Z', 0), Date.UTC(2026, 0, 2, 3, 4, 5));
  assert.equal(parseMoment('now', 42), 42);
  assert.equal(parseMoment('yesterday-ish', 0), undefined);
});
