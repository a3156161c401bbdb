import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Incident } from '../../model/incident.ts';
import { renderWhyNot, whyNot } from './why-not.ts';

const BEGIN = 1_790_000_000_000;
const MINUTE = 60_000;
const PERIOD = { from: BEGIN, to: BEGIN + 300 * MINUTE };

const incident = (id: string, told: boolean, why: string, parts: Partial<Incident> = {}): Incident => ({
  ...{ schema: 1, id, host: 'web', state: 'closed', severity: 'LOW', provisional: false, kind: 'machine' },
  ...{ cause: 'cpu', sentence: '', since: BEGIN, openedAt: BEGIN, updatedAt: BEGIN, returns: 0 },
  ...{ closedAt: BEGIN + 10 * MINUTE, flapping: false, metrics: [], culprits: [] },
  signals: [{ id: 'a', kind: 'machine', severity: 'LOW', since: BEGIN, raisedAt: BEGIN, sentence: '' }],
  decisions: [{ at: BEGIN, what: 'opened', told, why }],
  ...parts,
});

/** Scores by minute. */
const history = (...scores: readonly number[]) => {
  const max = Float64Array.from(scores);
  const at = max.map((_, minute) => BEGIN + minute * MINUTE);
  return {
    query: () => ({
      stepSeconds: 60,
      frames: [{ metric: 'homeostat.score', unit: '', at, mean: max, min: max, max }],
    }),
  };
};

const thresholds = { LOW: 4, MEDIUM: 5, HIGH: 6 };
const score = { at: BEGIN, value: 1, thresholds, severity: undefined };

test('what was held back is counted by its reason, and what was grouped is said', () => {
  const two = incident('22', false, 'quiet hours until 07:00');
  const all = [
    incident('1', true, 'told by slack'),
    two,
    { ...two, id: '33' },
    incident('4', false, 'no channel is set up'),
  ];
  const grouped = [...all, { ...two, id: '55', signals: [...two.signals, { ...two.signals[0]!, id: 'b' }] }];
  const found = whyNot(grouped, undefined, undefined, PERIOD);
  assert.deepEqual([found.signals, found.incidents, found.told], [6, 5, 1]);
  assert.deepEqual(found.held, [
    { why: 'quiet hours until 07:00', incidents: ['22', '33', '55'] },
    { why: 'no channel is set up', incidents: ['4'] },
  ]);
  const text = renderWhyNot(found);
  assert.match(text, /^Seen {11}6 signals, 1 of them joined another one: 5 incidents$/m);
  assert.match(text, /^Not told {7}3: quiet hours until 07:00 \(22, 33, 55\)$/m);
  assert.match(text, /^Below the line no scores are stored$/m);
});

test('the highest scores outside of incidents are named, an hour apart, beside the line', () => {
  const scores = Array.from({ length: 300 }, (_, minute) => (minute < 11 ? 9 : 1 + (minute % 60) / 30));
  const found = whyNot([incident('1', true, 'told by slack')], history(...scores), score, PERIOD);
  assert.deepEqual(
    found.peaks.map(({ at, score: value }) => [(at - BEGIN) / MINUTE, Number(value.toFixed(2))]),
    [59, 119, 179, 239, 299].map((minute) => [minute, 2.97]),
  );
  assert.equal(found.line, 4);
  assert.deepEqual(found.scored, { minutes: 300, high: 11 + 5 * 30 });
  assert.match(renderWhyNot(found), /^Scored {9}300 minutes, 161 of them above half of the line$/m);
});
