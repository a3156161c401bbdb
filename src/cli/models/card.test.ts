import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryHistory } from '../../../test/support/memory-history.ts';
import { tinyModel } from '../../../test/support/tiny-model.ts';
import { countedAlarms } from '../../model/alarm-rate.ts';
import type { Anomaly } from '../../model/anomaly.ts';
import type { RegisteredModel } from '../../model/registered-model.ts';
import { describeModel, renderModel } from './card.ts';
import { serviceOf } from './service.ts';

const HOUR = 3_600_000;
const AT = Date.UTC(2026, 2, 14);

const model = tinyModel('20260314T000000Z-calibrated', {
  trainedFrom: AT - 24 * HOUR,
  trainedTo: AT,
  rows: 86_000,
  features: ['system.linux.run_queue'],
  detectors: [
    {
      name: 'autoencoder',
      encoded: { facts: { rounds: 3 }, arrays: { parameters: new Float32Array(9) } },
      ...{ rest: 1, weight: 1, tail: { values: [], digits: [], scale: 1 } },
    },
  ],
  card: {
    source: { kind: 'file', name: 'a\x1b[2J.jsonl' },
    gaps: { count: 2, totalMs: 300_000, longestMs: 240_000 },
    excluded: [{ from: AT - 2 * HOUR, to: AT - HOUR }],
    blocks: { train: 51_600, validate: 8600, calibrate: 25_500 },
    losses: { autoencoder: { train: [0.8, 0.4, 0.2], validate: [0.9, 0.5, 0.6] } },
  },
});

const entry: RegisteredModel = {
  ...{ id: model.id, file: 'model-x.hsm', bytes: 140_000, sha256: 'ab'.repeat(32), trainedBy: 'command' },
  state: 'current',
  events: [
    { at: AT, state: 'candidate', reason: 'a test' },
    { at: AT + HOUR, state: 'current', reason: 'by hand' },
  ],
};

test('the card tells what the model is made of, in lines, and all of it but the weights in JSON', () => {
  const described = describeModel(entry, model, '/data/models', 7, countedAlarms(2, 2 * 86_400));
  const text = renderModel(described);
  for (const line of [
    /^Model +20260314T000000Z-calibrated, provisional, current$/m,
    /^SHA-256 +(ab){32}$/m,
    /^Trained +by 'homeostat train' on the file a\\x1b\[2J\.jsonl, seed 1$/m,
    /^Rows +86,000, one each 1 s: 51,600 to learn, then 8,600 to stop in time, then 25,500 to calibrate$/m,
    /^Gaps +2, 5 min in all, the longest 4 min$/m,
    /^Left out +the time of 1 anomaly, 1 h in all$/m,
    /^Loss +autoencoder, 3 epochs$/m,
    /learned rows +0\.800 █▄▂ 0\.200$/m,
    /later rows +0\.900 █▅▆ 0\.600, least 0\.500$/m,
    /^Alarms +wished 1 a day, expected 1 a day, measured 2 in 2 d \(0\.12 to 3\.6 a day\)$/m,
    /^\S+ \S+ {2}current +by hand$/m,
  ])
    assert.match(text, line);
  const json = JSON.parse(JSON.stringify(described)) as typeof described;
  assert.deepEqual(json.card, model.card);
  assert.deepEqual(json.detectors[0]?.facts, { rounds: 3 });
  assert.ok(!('encoded' in json.detectors[0]!));
});

test('the service of a model is what was raised while it scored', () => {
  const anomaly = (kind: Anomaly['kind'], raisedAt: number) => ({ kind, raisedAt }) as Anomaly;
  const raised = [
    anomaly('machine', AT + 30 * 60_000),
    anomaly('machine', AT + 2 * HOUR),
    anomaly('process', AT + 3 * HOUR),
    anomaly('machine', AT + 20 * HOUR),
  ];
  const history = { ...memoryHistory(AT, {}), anomalies: () => raised };
  const replaced = { at: AT + 13 * HOUR, state: 'previous' as const, reason: 'replaced' };
  const { alarms, seconds } = serviceOf(
    { ...entry, events: [...entry.events, replaced] },
    history,
    AT + 99 * HOUR,
  );
  assert.deepEqual([alarms, seconds], [1, 12 * 3600]);
  assert.equal(serviceOf(entry, history, AT + 25 * HOUR).alarms, 2);
});
