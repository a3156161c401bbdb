import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, Incident } from '../../model/incident.ts';
import { differencesOf } from './differences.ts';

const SINCE = 1_790_000_000_000;
const MINUTE = 60_000;

const told: Decision = { at: SINCE, what: 'opened', told: false, why: 'handed to the channels' };
const quiet: Decision = { at: SINCE, what: 'opened', told: false, why: 'quiet hours until 07:00' };

const incident = (parts: Partial<Incident> = {}): Incident => ({
  ...{
    schema: 1,
    id: 'a',
    host: 'web',
    state: 'closed',
    severity: 'LOW',
    provisional: false,
    kind: 'machine',
  },
  ...{ cause: 'cpu', sentence: '', since: SINCE, openedAt: SINCE, updatedAt: SINCE, returns: 0 },
  ...{ closedAt: SINCE + 10 * MINUTE, flapping: false, signals: [], metrics: [], culprits: [] },
  decisions: [told],
  ...parts,
});

const how = (after: Partial<Incident>): readonly string[] =>
  differencesOf([incident()], [incident(after)]).changed.flatMap((changed) => changed.how);

test('what is the same on both sides is no difference, nor are some seconds', () => {
  const { changed, same, added, gone } = differencesOf([incident()], [incident({ since: SINCE + 59_000 })]);
  assert.deepEqual([changed.length, same, added.length, gone.length], [0, 1, 0, 0]);
});

test('each change of an incident is named', () => {
  assert.deepEqual(how({ severity: 'HIGH' }), ['LOW -> HIGH']);
  assert.deepEqual(how({ cause: 'memory' }), ['cause cpu -> memory']);
  assert.deepEqual(how({ since: SINCE - 3 * MINUTE }), ['begins 3 min earlier']);
  assert.deepEqual(how({ closedAt: SINCE + 15 * MINUTE }), ['ends 5 min later']);
  assert.deepEqual(how({ flapping: true }), ['flaps']);
  assert.deepEqual(how({ decisions: [quiet] }), ['not told: quiet hours until 07:00']);
});

test('another id at the same time about the same is the same incident, at another time it is another one', () => {
  const before = [incident()];
  const meanwhile = differencesOf(before, [incident({ id: 'b', since: SINCE + 2 * MINUTE })]);
  assert.deepEqual(
    meanwhile.changed.map((one) => one.how),
    [['begins 2 min later']],
  );
  const later = differencesOf(before, [
    incident({ id: 'b', since: SINCE + 30 * MINUTE, closedAt: SINCE + 40 * MINUTE }),
  ]);
  assert.deepEqual([later.added.map(({ id }) => id), later.gone.map(({ id }) => id)], [['b'], ['a']]);
});

test('both sides are counted by severity and by who would be told', () => {
  const { before, after } = differencesOf(
    [incident(), incident({ id: 'b', severity: 'HIGH', decisions: [quiet] })],
    [],
  );
  assert.deepEqual(before, { incidents: 2, told: 1, severities: { HIGH: 1, MEDIUM: 0, LOW: 1 } });
  assert.deepEqual(after, { incidents: 0, told: 0, severities: { HIGH: 0, MEDIUM: 0, LOW: 0 } });
});
