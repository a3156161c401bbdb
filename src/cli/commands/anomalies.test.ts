import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Anomaly } from '../../model/anomaly.ts';
import { renderAnomaly } from './anomalies.ts';

const SINCE = Date.UTC(2026, 2, 14, 12);

const anomaly: Anomaly = {
  schema: 1,
  id: 'e6433f00f1487a28',
  host: 'a',
  state: 'closed',
  kind: 'machine',
  severity: 'MEDIUM',
  provisional: true,
  since: SINCE,
  raisedAt: SINCE + 14_000,
  closedAt: SINCE + 180_000,
  score: 4.6,
  returnPeriodSeconds: 9 * 86_400,
  metrics: [
    {
      metric: 'system.cpu.utilization{cpu.mode=user}',
      unit: '1',
      observed: 0.78,
      expectedLow: 0.05,
      expectedHigh: 0.27,
      share: 0.41,
    },
  ],
  culprits: [
    {
      id: 'b-7-1',
      pid: 7,
      name: 'evil\x1b[2J',
      executable: '/bin/evil',
      commandLine: 'evil',
      parent: { pid: 1, name: 'init' },
      containerId: undefined,
      share: 0.93,
      evidence: 'CPU 2 % -> 98 % of a core',
    },
  ],
  sentence: 'CPU user time is 78 % (usually 5-27 %).',
};

test('an anomaly is what happened, since when, what broke and who did it', () => {
  const [head, ...rest] = renderAnomaly(anomaly).split('\n');
  assert.match(
    head!,
    /^MEDIUM {2}2026-03-1\d \d\d:\d\d:00 {2}for 3 min, provisional {2}\(e6433f00f1487a28\)$/,
  );
  assert.deepEqual(rest, [
    '  CPU user time is 78 % (usually 5-27 %).',
    '    CPU user time: 78 %, usually 5 % to 27 % (41 % of the score)',
    '    evil\\x1b[2J (pid 7, started by init): 93 % of the change, CPU 2 % -> 98 % of a core',
  ]);
});

test('one that has not ended is open', () => {
  const { closedAt: _, ...open } = anomaly;
  assert.match(renderAnomaly({ ...open, state: 'open' }), /^MEDIUM .* open, provisional/);
});
