import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Status } from '../../model/status.ts';
import { renderStatus } from './status.ts';

const DAY = 86_400;
const AT = Date.UTC(2026, 2, 14, 12);

const status: Status = {
  version: '1.2.3',
  host: { name: 'shop', id: 'a', os: 'Linux', kernel: '6.12', cpus: 4, memory: 8e9 },
  startedAt: AT - 7_200_000,
  at: AT,
  dataFolder: '/var/lib/homeostat',
  intervals: { metricsMs: 1000, processesMs: 5000, reason: 'default' },
  learning: {
    phase: 'provisional',
    since: AT - 7_200_000,
    seenMs: 7_200_000,
    neededMs: 86_400_000,
    nextPhase: 'calibrated',
    training: undefined,
    model: undefined,
    shadow: undefined,
    drift: undefined,
    problem: undefined,
  },
  score: undefined,
  lastSampleAt: AT - 1000,
  openAnomalies: 0,
  coverage: { healthy: true, collectors: [], losses: [] },
  store: { bytes: 5e6, capBytes: 1e9, series: 44, oldestAt: undefined },
  self: { pid: 42, rss: 5e7, cpu: 0.004 },
};

const line = (text: string, name: string): string | undefined =>
  text.split('\n').find((one) => one.startsWith(name));

const scored = (returnPeriodSeconds: number): string | undefined =>
  line(
    renderStatus({
      ...status,
      score: { at: AT, value: 4.25, severity: 'HIGH', returnPeriodSeconds, detectors: {} },
    }),
    'Score',
  );

test('each subject has its line', () => {
  const text = renderStatus(status);
  assert.equal(
    line(text, 'Homeostat'),
    'Homeostat    1.2.3, running for 2 h, pid 42, 50 MB, 0.4 % of a core',
  );
  assert.equal(line(text, 'Learning'), 'Learning     provisional; 2 h of 24 h seen, calibrated in 22 h');
  assert.equal(line(text, 'Score'), 'Score        none before the first model');
  assert.equal(line(text, 'Coverage'), 'Coverage     everything that it should see is seen');
});

test('a return period beyond all experience is not spelled out', () => {
  assert.equal(scored(40 * DAY), 'Score        4.3 (HIGH, as rare as once in 40 d)');
  for (const seconds of [3650 * DAY, 1e88, Number.POSITIVE_INFINITY])
    assert.equal(scored(seconds), 'Score        4.3 (HIGH, rarer than once in 10 years)');
});

test('where it is blind it says so, what it lost, and what would mend it', () => {
  const blind = { what: 'processes of \x1b[2Jothers', why: 'hidden', remedy: 'run it as root', severe: true };
  const text = renderStatus({
    ...status,
    coverage: {
      healthy: false,
      collectors: [
        {
          collector: 'processes',
          at: AT,
          durationMs: 2,
          outcome: 'ok',
          metrics: 0,
          blind: [blind],
          runs: 3,
          failures: 0,
        },
      ],
      losses: [{ what: 'ticks missed', why: 'the program was held up', count: 7, lastAt: AT }],
      storeProblem: 'the disk is full',
    },
  });
  assert.equal(line(text, 'Coverage'), 'Coverage     BLIND in part: see below');
  assert.equal(line(text, 'Not stored'), 'Not stored   the disk is full; the latest data waits in memory');
  assert.equal(line(text, 'Lost'), 'Lost         7 ticks missed: the program was held up');
  assert.match(text, /processes cannot see processes of \\x1b\[2Jothers: hidden; run it as root/);
});
