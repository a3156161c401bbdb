import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { DEFAULT_POLICY } from './policy.ts';
import { incidentsSchema, policyOf } from './settings.ts';

const message = (settings: unknown): string | undefined => {
  const result = v.safeParse(incidentsSchema, settings);
  return result.success ? undefined : `${v.getDotPath(result.issues[0])}: ${result.issues[0].message}`;
};

test('without settings the default policy holds', () => {
  const { wallClock, isHost, ...policy } = policyOf(v.parse(incidentsSchema, {}));
  const { wallClock: clock, isHost: same, ...expected } = DEFAULT_POLICY;
  assert.deepEqual(policy, expected);
  assert.deepEqual([wallClock(0), isHost('a', 'a')], [clock(0), same('a', 'a')]);
});

const WINDOWS: readonly (readonly [object, RegExp | undefined])[] = [
  [{ from: '22:00', to: '07:00' }, undefined],
  [
    { from: '22:00', to: '07:00', days: ['mon', 'sun'], hosts: ['a'], kinds: ['forecast'], name: 'n' },
    undefined,
  ],
  [{ from: '2026-12-24T18:00', to: '2026-12-27T08:00' }, undefined],
  [{ from: '22:00', to: '22:00' }, /^quiet_hours\.0: a window/],
  [{ from: '22:00', to: '2026-12-27T08:00' }, /^quiet_hours\.0: a window/],
  [{ from: '2026-12-28T18:00', to: '2026-12-27T08:00' }, /^quiet_hours\.0: a window/],
  [{ from: '2026-12-24T18:00', to: '2026-12-27T08:00', days: ['mon'] }, /^quiet_hours\.0: a window/],
  [{ from: '24:00', to: '07:00' }, /^quiet_hours\.0\.from: a time such as/],
  [{ from: 22, to: '07:00' }, /^quiet_hours\.0\.from: a time such as/],
  [{ from: '22:00', to: '07:00', days: ['Monday'] }, /^quiet_hours\.0\.days\.0: one of sun, mon/],
  [{ from: '22:00', to: '07:00', kinds: ['cpu'] }, /^quiet_hours\.0\.kinds\.0: one of machine/],
];

test('a window is two times of the day or two moments, and what is wrong with one is named', () => {
  for (const [window, complaint] of WINDOWS) {
    const said = message({ quiet_hours: [window] });
    if (complaint) assert.match(said ?? '', complaint, JSON.stringify(window));
    else assert.equal(said, undefined);
  }
});

test('a time zone that does not exist is refused', () => {
  assert.equal(message({ time_zone: 'Europe/Berlin' }), undefined);
  assert.match(message({ time_zone: 'Europe/Atlantis' }) ?? '', /^time_zone: a time zone such as/);
});
