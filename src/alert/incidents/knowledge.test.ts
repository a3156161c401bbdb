import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Feedback } from '../../model/feedback.ts';
import type { Incident, Signal } from '../../model/incident.ts';
import { feedbackOf } from './feedback.ts';
import { Incidents } from './incidents.ts';
import { Knowledge } from './knowledge.ts';
import { DEFAULT_POLICY } from './policy.ts';
import { wallClock } from './windows.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const FIRST = Date.UTC(2026, 10, 2, 2);
const utc = wallClock('UTC');

/** A machine with a backup each night, and whoever is told of it. */
class Nights {
  readonly notices: string[] = [];
  readonly made = new Map<string, Incident>();
  feedback: readonly Feedback[] = [];
  readonly #knowledge = new Knowledge(utc, () => this.feedback);
  readonly incidents = new Incidents({
    policy: { ...DEFAULT_POLICY, wallClock: utc },
    onChange: ({ incident }) => {
      this.made.set(incident.id, incident);
      if (incident.state === 'closed') this.#knowledge.observe(incident);
    },
    annotate: (incident, at) => this.#knowledge.annotate(incident, at),
    notify: ({ what, at }) => this.notices.push(`${what} ${(at - FIRST) / MINUTE}`),
  });

  begin(at: number): Signal {
    const signal: Signal = {
      ...{ id: `at ${at}`, host: 'web', state: 'open', kind: 'machine', severity: 'LOW', provisional: false },
      ...{ since: at, raisedAt: at, culprits: [], sentence: '' },
      metrics: [
        {
          metric: 'system.disk.io{device=sda}',
          unit: 'By/s',
          observed: 1,
          expectedLow: 0,
          expectedHigh: 0,
          share: 1,
        },
      ],
    };
    this.incidents.signal(signal, at);
    return signal;
  }

  end(signal: Signal, at: number): void {
    this.incidents.signal({ ...signal, state: 'closed', closedAt: at }, at);
    for (let now = at; now < at + 60 * MINUTE; now += MINUTE) this.incidents.look(now);
  }

  night(number: number, lastsMs = 20 * MINUTE): void {
    const begin = FIRST + number * DAY;
    const signal = this.begin(begin);
    for (let now = begin; now < begin + lastsMs; now += MINUTE) this.incidents.look(now);
    this.end(signal, begin + lastsMs);
  }

  latest(): Incident {
    return [...this.made.values()].at(-1)!;
  }
}

test('a backup is told three nights, then it is recorded as expected and told no more', () => {
  const nights = new Nights();
  for (const number of [0, 1, 2]) nights.night(number);
  assert.equal(nights.notices.length, 6);
  for (const number of [3, 4]) nights.night(number);
  assert.equal(nights.notices.length, 6);
  const { expected, state, decisions } = nights.latest();
  assert.deepEqual([expected, state], ['expected: each day about 02:00, seen 5 times', 'closed']);
  assert.deepEqual(
    decisions.map(({ told, why }) => [told, why]),
    [[false, expected]],
  );
});

test('one that lasts much longer than ever is told as soon as it does', () => {
  const nights = new Nights();
  for (const number of [0, 1, 2]) nights.night(number);
  nights.night(3, 90 * MINUTE);
  const begin = (3 * DAY) / MINUTE;
  assert.deepEqual(nights.notices.slice(6), [`opened ${begin + 41}`, `closed ${begin + 95}`]);
  const { expected, decisions } = nights.latest();
  assert.equal(expected, undefined);
  assert.match(decisions[1]!.why, /^more than was expected of it: /);
});

test('what is called normal while it is open is told no more, and told again when that is taken back', () => {
  const nights = new Nights();
  const signal = nights.begin(FIRST);
  const wish = { verdict: 'normal', at: FIRST, thisHour: true } as const;
  nights.feedback = [feedbackOf(nights.latest(), wish, utc)];
  nights.incidents.reconsider(FIRST + MINUTE);
  assert.match(nights.latest().expected ?? '', /a person said/);
  nights.end(signal, FIRST + 10 * MINUTE);
  const next = nights.begin(FIRST + 7 * DAY);
  const told = nights.notices.length;
  nights.feedback = nights.feedback.map((one) => ({ ...one, undoneAt: FIRST }));
  nights.incidents.reconsider(FIRST + 7 * DAY + MINUTE);
  assert.deepEqual(nights.notices.slice(told), [`opened ${(7 * DAY) / MINUTE + 1}`]);
  nights.end(next, FIRST + 7 * DAY + 10 * MINUTE);
});
