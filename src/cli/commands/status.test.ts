import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmRateOf, countedAlarms } from '../../model/alarm-rate.ts';
import type { PublishStatus } from '../../model/publish.ts';
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
  openIncidents: 2,
  limits: { open: [] },
  alarms: {
    wishedPerWeek: 1,
    model: undefined,
    sinceModel: countedAlarms(0, 0),
    lately: countedAlarms(0, 0),
  },
  coverage: { healthy: true, collectors: [], losses: [] },
  store: { bytes: 5e6, capBytes: 1e9, series: 44, oldestAt: undefined },
  self: { pid: 42, rss: 5e7, cpu: 0.004 },
};

const render = (of: Status): string => renderStatus(of, 'http://127.0.0.1:4663');

const line = (text: string, name: string): string | undefined =>
  text.split('\n').find((one) => one.startsWith(name));

const scored = (returnPeriodSeconds: number): string | undefined =>
  line(
    render({
      ...status,
      score: { at: AT, value: 4.25, severity: 'HIGH', returnPeriodSeconds, detectors: {} },
    }),
    'Score',
  );

const publish: PublishStatus = {
  ...{ hub: 'hub:50051', name: 'shop', state: 'connected', since: AT - 60_000, problem: undefined },
  ...{ nextTryAt: undefined, breaker: 'closed', waiting: { events: 3, bytes: 900, maxBytes: 200e6 } },
  ...{ sent: { events: 1234, bytes: 5e6 }, lastAcknowledgedAt: AT - 2000, rejected: 0 },
  ...{ lastRejection: undefined, dropped: {}, outboxProblem: undefined, certificateEndsAt: AT + 36e5 },
};

test('publishing has its lines, where it is done', () => {
  const shown = (changes: Partial<PublishStatus>): string =>
    render({ ...status, publish: { ...publish, ...changes } });
  const well = shown({});
  assert.equal(line(well, 'Publishing'), 'Publishing   to hub:50051 as shop, connected for 60 s');
  assert.equal(
    line(well, 'Published'),
    'Published    1234 events, 5 MB sent since the start; last acknowledged 2 s ago; certificate valid for 1 h',
  );
  assert.equal(line(well, 'Waiting'), 'Waiting      3 events, 900 B; the outbox takes 200 MB at most');
  assert.equal(line(well, 'Dropped'), undefined);
  const away = shown({
    ...{ state: 'waiting', problem: 'UNAVAILABLE: ECONNREFUSED', nextTryAt: AT + 30_000, breaker: 'open' },
    ...{ dropped: { metrics: 500, snapshots: 20 }, rejected: 2, lastRejection: 'no key' },
  });
  assert.equal(
    line(away, 'Publishing'),
    'Publishing   to hub:50051 as shop, NOT connected for 60 s: UNAVAILABLE: ECONNREFUSED; next try in 30 s (breaker open)',
  );
  assert.equal(line(away, 'Dropped'), 'Dropped      500 metrics, 20 snapshots: the outbox was full');
  assert.equal(line(away, 'Rejected'), 'Rejected     2 events by the hub: no key');
  assert.equal(line(render(status), 'Publishing'), undefined);
});

test('each subject has its line', () => {
  const text = render(status);
  assert.equal(
    line(text, 'Homeostat'),
    'Homeostat    1.2.3, running for 2 h, pid 42, 50 MB, 0.4 % of a core',
  );
  assert.equal(line(text, 'Dashboard'), 'Dashboard    http://127.0.0.1:4663');
  assert.equal(line(text, 'Learning'), 'Learning     provisional; 2 h of 24 h seen, calibrated in 22 h');
  assert.equal(line(text, 'Incidents'), "Incidents    2 open; see 'homeostat incidents'");
  assert.equal(line(text, 'Score'), 'Score        none before the first model');
  assert.equal(line(text, 'Coverage'), 'Coverage     everything that it should see is seen');
});

test('how often it alarms is what was wished, what is promised, and what came', () => {
  const alarms = (days: number, longest: number) => {
    const returns = { threshold: 1, rate: 0.01, scale: 0.3, longest };
    const model = alarmRateOf({ returns, rows: 7200 }, 1);
    const lately = countedAlarms(0, days * DAY);
    return line(render({ ...status, alarms: { ...status.alarms, model, lately } }), 'Alarms');
  };
  assert.equal(
    line(render(status), 'Alarms'),
    'Alarms       wished 1 a week, none before the first model, not measured yet',
  );
  assert.equal(
    alarms(3, 30 * DAY),
    'Alarms       wished 1 a week, expected 1 a week, measured 0 in 3 d (0 to 1.2 a day)',
  );
  assert.equal(
    alarms(0, 2 * DAY),
    'Alarms       wished 1 a week, expected 3.5 a week, not measured yet; not attained: 7200 held-out rows do not tell what comes less often than once in 2 d; more history will',
  );
});

test('a return period beyond all experience is not spelled out', () => {
  assert.equal(scored(40 * DAY), 'Score        4.3 (HIGH, as rare as once in 40 d)');
  for (const seconds of [3650 * DAY, 1e88, Number.POSITIVE_INFINITY])
    assert.equal(scored(seconds), 'Score        4.3 (HIGH, rarer than once in 10 years)');
});

test('where it is blind it says so, what it lost, and what would mend it', () => {
  const blind = { what: 'processes of \x1b[2Jothers', why: 'hidden', remedy: 'run it as root', severe: true };
  const text = render({
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

test('a model that runs beside is said, and what has drifted', () => {
  const drift = {
    windowMs: 6 * 3_600_000,
    seenMs: 3_600_000,
    checkedAt: undefined,
    metrics: 42,
    drifted: [],
    due: false,
  };
  const drifted = [
    'system.linux.file_handles',
    'system.process.count',
    'system.disk.await',
    'system.linux.run_queue',
  ];
  const text = (changes: Partial<Status['learning']>): string =>
    render({ ...status, learning: { ...status.learning, ...changes } });
  const shadow = { id: 'x', since: AT, seenMs: 60_000, neededMs: 180_000 };
  assert.match(line(text({ shadow }), 'Learning') ?? '', /; x runs beside, 60 s of 3 min seen$/);
  assert.equal(line(text({}), 'Drift'), undefined);
  assert.equal(
    line(text({ drift }), 'Drift'),
    'Drift        1 h of the 6 h seen that are compared with the training',
  );
  const full = { ...drift, seenMs: drift.windowMs, checkedAt: AT };
  assert.equal(
    line(text({ drift: full }), 'Drift'),
    'Drift        none: the last 6 h are as the training was',
  );
  const far = drifted.map((metric) => ({ metric, index: 1.234, limit: 0.25 }));
  assert.match(
    line(text({ drift: { ...full, drifted: far, due: true } }), 'Drift') ?? '',
    /^Drift +4 of 42 metrics in the last 6 h: .* 1\.23 \(limit 0\.25\), .* and 1 more; a new model is trained$/,
  );
});
