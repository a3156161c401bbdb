import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { notice } from '../../test/support/notices.ts';
import type { Incident } from '../model/incident.ts';
import { targetsOf } from './router.ts';
import { notifySchema } from './settings.ts';

const CHANNELS = { a: { type: 'desktop' }, b: { type: 'desktop' }, c: { type: 'desktop' } };

/** The channels that are told of an incident on web-1, HIGH, machine, but for `over`. */
function told(more: Readonly<Record<string, unknown>>, over: Partial<Incident> = {}): string {
  const settings = v.parse(notifySchema, { channels: CHANNELS, ...more });
  return targetsOf(notice('opened', over), settings)
    .map(({ channel }) => channel)
    .join('');
}

test('without routes every channel is told; with none that fits nobody is', () => {
  assert.equal(told({}), 'abc');
  assert.equal(told({ routes: [] }), '');
});

const cases: readonly [string, Readonly<Record<string, unknown>>, Partial<Incident>, boolean][] = [
  ['severity at least', { severity: 'MEDIUM' }, { severity: 'HIGH' }, true],
  ['severity exactly', { severity: 'MEDIUM' }, { severity: 'MEDIUM' }, true],
  ['severity below', { severity: 'MEDIUM' }, { severity: 'LOW' }, false],
  ['a host by name', { host: ['web-1'] }, {}, true],
  ['a host in other letters', { host: ['WEB-1'] }, {}, true],
  ['a pattern', { host: ['db*', 'web-?'] }, {}, true],
  ['a pattern is the whole name', { host: ['eb-*', 'web'] }, {}, false],
  ['a dot is a dot', { host: ['web.1'] }, {}, false],
  ['what means something elsewhere does not here', { host: ['web-[0-9]', '(web-1)', 'web-1|x'] }, {}, false],
  [
    'a hostile name cannot take its time',
    { host: [`${'*a'.repeat(30)}b`] },
    { host: 'a'.repeat(200) },
    false,
  ],
  ['a kind', { kind: ['threshold', 'machine'] }, {}, true],
  ['another kind', { kind: ['threshold'] }, {}, false],
  ['all terms hold', { kind: ['machine'], host: ['db*'] }, {}, false],
  ['a route that is off', { off: true }, {}, false],
];

for (const [name, route, over, fits] of cases)
  test(`a route by ${name} ${fits ? 'fits' : 'does not fit'}`, () => {
    assert.equal(told({ routes: [{ to: ['b'], ...route }] }, over), fits ? 'b' : '');
  });

test('all routes that fit are used, each channel once; or the first alone', () => {
  const routes = [
    { to: ['a'], severity: 'HIGH', repeat: '1h' },
    { to: ['b', 'a'], repeat: '5h' },
  ];
  assert.equal(told({ routes }), 'ab');
  assert.equal(told({ routes, match: 'first' }), 'a');
  assert.equal(told({ routes, match: 'first' }, { severity: 'LOW' }), 'ba');
  const settings = v.parse(notifySchema, { channels: CHANNELS, routes });
  assert.deepEqual(targetsOf(notice(), settings)[0], { channel: 'a', repeatMs: 3_600_000 });
});
