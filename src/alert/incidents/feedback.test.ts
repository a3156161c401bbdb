import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Feedback } from '../../model/feedback.ts';
import type { Incident, IncidentSignal } from '../../model/incident.ts';
import { feedbackOf, isNormalBy, previewOf } from './feedback.ts';
import { changeFeedback, FeedbackWatch, readFeedback } from './feedback-file.ts';
import { Knowledge } from './knowledge.ts';
import { wallClock } from './windows.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Thursday, 14:30 in UTC. */
const SINCE = Date.UTC(2026, 10, 19, 14, 30);
const utc = wallClock('UTC');

const signal = (kind: IncidentSignal['kind']): IncidentSignal => ({
  ...{ id: kind, kind, severity: 'LOW', since: SINCE, raisedAt: SINCE, sentence: '' },
});

const incident = (parts: Partial<Incident> = {}): Incident => ({
  ...{ schema: 1, id: 'abcdef', host: 'web', state: 'closed', severity: 'MEDIUM', provisional: false },
  ...{ kind: 'machine', cause: 'process /usr/bin/ffmpeg', sentence: '', since: SINCE, openedAt: SINCE },
  ...{ updatedAt: SINCE, closedAt: SINCE + HOUR, returns: 0, flapping: false },
  ...{ signals: [signal('machine'), signal('threshold')], metrics: [], culprits: [], decisions: [] },
  ...parts,
});

const normal = (thisHour = false): Feedback =>
  feedbackOf(incident(), { verdict: 'normal', at: SINCE, expiresAt: SINCE + DAY, thisHour }, utc);

const OTHERS: readonly (readonly [string, Partial<Incident>, boolean])[] = [
  ['the same again', { since: SINCE + DAY }, true],
  ['less of it', { severity: 'LOW', signals: [signal('machine')] }, true],
  ['graver', { severity: 'HIGH' }, false],
  ['another program', { cause: 'process /usr/bin/xmrig' }, false],
  ['another host', { host: 'db' }, false],
  ['a signal of another kind as well', { signals: [signal('machine'), signal('process')] }, false],
];

for (const [what, parts, is] of OTHERS)
  test(`what was called normal mutes ${is ? '' : 'not '}${what}`, () =>
    assert.equal(isNormalBy(normal(), incident(parts), utc), is));

test('what is normal in this hour of the week is not in another', () => {
  assert.equal(isNormalBy(normal(true), incident({ since: SINCE + 7 * DAY + HOUR / 3 }), utc), true);
  assert.equal(isNormalBy(normal(true), incident({ since: SINCE + DAY }), utc), false);
  assert.equal(isNormalBy(normal(true), incident({ since: SINCE + HOUR }), utc), false);
});

test('a whole machine cannot be called normal, but for an hour of the week', () => {
  for (const cause of ['the machine', 'cpu']) {
    const wish = { verdict: 'normal', at: SINCE } as const;
    assert.throws(
      () => feedbackOf(incident({ cause }), wish, utc),
      /would silence the whole machine: add --this-hour/,
    );
    assert.equal(feedbackOf(incident({ cause }), { ...wish, thisHour: true }, utc).hourOfWeek, 4 * 24 + 14);
  }
});

test('before it is said it shows what it would have muted and what of that was confirmed', () => {
  const told = { decisions: [{ at: SINCE, what: 'opened', told: true, why: '' }] } as const;
  const all = [
    incident({ id: 'a', ...told }),
    incident({ id: 'b', verdict: 'confirmed' }),
    incident({ cause: 'cpu' }),
  ];
  const { muted, told: count, confirmed } = previewOf(normal(), all, utc);
  assert.deepEqual(
    muted.map(({ id }) => id),
    ['a', 'b'],
  );
  assert.deepEqual([count, confirmed.map(({ id }) => id)], [1, ['b']]);
});

test('it holds until it expires or is taken back, and not for what is confirmed', () => {
  const annotate = (at: number, ...said: readonly Feedback[]) =>
    new Knowledge(utc, () => said).annotate(incident(), at);
  const one = normal();
  assert.match(annotate(SINCE, one).expected ?? '', /a person said that this is normal/);
  assert.equal(annotate(SINCE, one).verdict, 'normal');
  assert.deepEqual(annotate(SINCE + DAY, one), {});
  assert.deepEqual(annotate(SINCE, { ...one, undoneAt: SINCE }), {});
  const confirmed = feedbackOf(incident(), { verdict: 'confirmed', at: SINCE }, utc);
  assert.deepEqual(annotate(SINCE, one, confirmed), { verdict: 'confirmed' });
  const looked = feedbackOf(incident(), { verdict: 'acknowledged', at: SINCE }, utc);
  assert.deepEqual(annotate(SINCE, looked), { acknowledged: true });
});

test('whoever watches the file hears of each change once, and keeps what it knew where it is damaged', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-feedback-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const problems: string[] = [];
  const watch = new FeedbackWatch(folder, (problem) => problems.push(problem));
  assert.equal(watch.look(), false);
  changeFeedback(folder, (all) => [...all, normal()]);
  assert.deepEqual([watch.look(), watch.look()], [true, false]);
  assert.deepEqual(watch.feedback, [normal()]);
  changeFeedback(folder, (all) => all.map((one) => ({ ...one, undoneAt: SINCE })));
  assert.deepEqual([watch.look(), readFeedback(folder)[0]?.undoneAt], [true, SINCE]);
  writeFileSync(join(folder, 'feedback.json'), '{');
  assert.deepEqual(
    [watch.look(), watch.look(), watch.feedback.length, problems.length],
    [false, false, 1, 1],
  );
});
