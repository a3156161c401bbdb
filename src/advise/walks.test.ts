import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthOf, type Walk, withWalk } from './walks.ts';

const GB = 1e9;
const HOUR = 3_600_000;
const walk = (at: number, sizes: Walk['sizes'], isPartial = false): Walk => ({ at, sizes, isPartial });
const first = walk(0, {
  ...{
    '/var': 40 * GB,
    '/var/lib': 30 * GB,
    '/var/lib/db': 29 * GB,
    '/var/log': 9 * GB,
    '/var/log/app': 8 * GB,
  },
});

test('the first walk names where most is, each place once and no folder around it', () => {
  const growth = growthOf(withWalk({}, '/var', first)).get('/var')!;
  assert.equal(growth.beforeAt, undefined);
  assert.deepEqual(
    growth.folders.map(({ path, grown }) => [path, grown]),
    [
      ['/var/lib/db', undefined],
      ['/var/log/app', undefined],
    ],
  );
});

test('a later walk names what grew since the oldest one that is kept', () => {
  const later = walk(HOUR, { ...first.sizes, '/var': 45 * GB, '/var/log': 14 * GB, '/var/log/app': 13 * GB });
  const walks = withWalk(withWalk({}, '/var', first), '/var', later);
  const growth = growthOf(walks).get('/var')!;
  assert.equal(growth.beforeAt, 0);
  assert.deepEqual(growth.folders, [{ path: '/var/log/app', bytes: 13 * GB, grown: 5 * GB }]);
});

test('a walk that was broken off is compared with nothing, and five are kept', () => {
  const partial = walk(HOUR, { '/var': 45 * GB, '/var/log': 14 * GB }, true);
  const growth = growthOf(withWalk(withWalk({}, '/var', first), '/var', partial)).get('/var')!;
  assert.deepEqual([growth.isPartial, growth.beforeAt], [true, undefined]);
  let walks = {};
  for (let at = 0; at < 9; at++) walks = withWalk(walks, '/', walk(at, { '/': at + 1 }));
  assert.equal(growthOf(walks).get('/')?.beforeAt, 4);
});
