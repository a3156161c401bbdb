import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Address, formatAddress, PAGES, parseAddress } from './address.ts';

const FRESH: Address = {
  page: 'overview',
  view: undefined,
  anomaly: undefined,
  incident: undefined,
  process: undefined,
  moment: undefined,
  layout: 'list',
  against: 'nothing',
};

test('a fresh page has a short address', () => {
  assert.equal(formatAddress(FRESH, undefined), '');
  assert.deepEqual(parseAddress(''), FRESH);
});

test('a link opens what was seen when it was made', () => {
  const from = Date.UTC(2026, 10, 21, 10);
  for (const page of PAGES) {
    for (const view of [
      undefined,
      { kind: 'live', span: 900_000 },
      { kind: 'fixed', from, to: from + 1 },
    ] as const) {
      const address: Address = {
        ...{ page, view, anomaly: 'a1', incident: 'i1', process: 'boot 1/2+3&4' },
        ...{ moment: from, layout: 'tree' as const, against: 'week' as const },
      };
      assert.deepEqual(parseAddress(formatAddress(address, 'shop-1')), address);
    }
  }
});

test('a person can read it', () => {
  const address: Address = {
    ...FRESH,
    page: 'processes',
    view: { kind: 'fixed', from: Date.UTC(2026, 10, 21, 10), to: Date.UTC(2026, 10, 21, 11) },
  };
  assert.equal(
    formatAddress(address, 'a b'),
    '?host=a+b&page=processes&from=2026-11-21T10:00:00.000Z&to=2026-11-21T11:00:00.000Z',
  );
});

test('what a link says wrongly is left out, and the rest of it holds', () => {
  for (const [search, page, view] of [
    ['?page=nowhere&last=60', 'overview', { kind: 'live', span: 60_000 }],
    ['?page=coverage&last=-5', 'coverage', undefined],
    ['?last=Infinity', 'overview', undefined],
    ['?at=never&by=chance&against=me', 'overview', undefined],
    ['?from=soon&to=later', 'overview', undefined],
    ['?from=2026-11-21T11:00:00Z&to=2026-11-21T10:00:00Z', 'overview', undefined],
  ] as const) {
    const address = parseAddress(search);
    assert.equal(address.page, page, search);
    assert.deepEqual(address.view, view, search);
  }
});
