import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualTimers } from '../../../test/support/manual-timers.ts';
import { ManualClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import type { Anomaly } from '../../model/anomaly.ts';
import { series } from '../../model/metric.ts';
import type { LogRecord } from './log-records.ts';
import { Otlp, type OtlpOptions, type Report } from './otlp.ts';
import type { Sent } from './sender.ts';

const START = Date.UTC(2026, 10, 21);
const LOAD = series('system.linux.cpu.load_1m');

const ANOMALY: Anomaly = {
  ...{
    schema: 1,
    id: 'a-1',
    host: 'h',
    state: 'open',
    kind: 'machine',
    severity: 'HIGH',
    provisional: false,
  },
  ...{ since: START + 1000, raisedAt: START + 5000, score: 5.5, returnPeriodSeconds: 3e6 },
  metrics: [{ metric: LOAD.key, unit: '{thread}', observed: 9, expectedLow: 0, expectedHigh: 1, share: 0.9 }],
  culprits: [
    {
      ...{ id: 'p', pid: 7, name: 'evil\u001b[31m', executable: '/x', commandLine: 'x', parent: undefined },
      ...{ containerId: undefined, share: 0.8, evidence: 'CPU' },
    },
  ],
  sentence: 'Load is 9.',
};

function made(answer: () => Promise<Sent>, options: Partial<OtlpOptions> = {}) {
  const clock = new ManualClock(START);
  const timers = new ManualTimers(clock);
  const reports: Report[] = [];
  const records: LogRecord[] = [];
  let rejected = (_what: string): void => {};
  let isClosed = false;
  const otlp = new Otlp({
    ...{ clock, timers, random: () => 1, log: silentLog, endpoint: 'http://x', intervalMs: 60_000 },
    ...{ metrics: true, logs: true, own: () => [] },
    client: (onRejected) => {
      rejected = onRejected;
      return {
        sendReports: (sent) => {
          reports.push(...sent);
          return answer();
        },
        sendRecords: (sent) => {
          records.push(...sent);
          return answer();
        },
        close: () => {
          isClosed = true;
        },
      };
    },
    ...options,
  });
  const tick = (value: number): void => otlp.tick({ at: clock.now(), metrics: [{ series: LOAD, value }] });
  return {
    otlp,
    timers,
    reports,
    records,
    tick,
    rejected: (what: string) => rejected(what),
    isClosed: () => isClosed,
  };
}

const taken = async (): Promise<Sent> => ({ ok: true });

describe('what is sent by OTLP', () => {
  it('is the means of each interval', async () => {
    const { otlp, timers, reports, tick } = made(taken);
    otlp.start();
    tick(1);
    tick(3);
    await timers.advance(60_000);
    await timers.advance(60_000);
    tick(7);
    await timers.advance(60_000);
    assert.deepEqual(
      reports.map(({ from, at, families }) => [
        from - START,
        at - START,
        families.map((one) => [one.name, one.points]),
      ]),
      [
        [0, 60_000, [['system.linux.cpu.load_1m', [{ attributes: {}, value: 2 }]]]],
        [60_000, 180_000, [['system.linux.cpu.load_1m', [{ attributes: {}, value: 7 }]]]],
      ],
    );
  });

  it('is each finding as it opens and closes, with what a person would ask for', async () => {
    const { otlp, timers, records } = made(taken);
    await timers.advance(6000);
    otlp.anomaly(ANOMALY);
    otlp.anomaly({ ...ANOMALY, state: 'closed', closedAt: START + 5500 });
    await timers.advance(0);
    assert.deepEqual(
      records.map(({ at, severityNumber, severityText, eventName, body }) => [
        at - START,
        severityNumber,
        severityText,
        eventName,
        body,
      ]),
      [
        [5000, 20, 'HIGH', 'homeostat.anomaly', 'Load is 9.'],
        [5500, 9, 'HIGH', 'homeostat.anomaly', 'Load is 9.'],
      ],
    );
    assert.deepEqual(records[0]?.attributes, {
      'homeostat.id': 'a-1',
      'homeostat.state': 'open',
      'homeostat.kind': 'machine',
      'homeostat.severity': 'HIGH',
      'homeostat.provisional': false,
      'homeostat.since': '2026-11-21T00:00:01.000Z',
      'homeostat.metrics': ['system.linux.cpu.load_1m'],
      'homeostat.culprit.names': ['evil\\x1b[31m'],
      'homeostat.culprit.pids': [7],
      'homeostat.culprit.shares': [0.8],
      'homeostat.score': 5.5,
      'homeostat.return_period': 3e6,
    });
  });

  it('is only what is wished for', async () => {
    const { otlp, timers, reports, records, tick } = made(taken, { metrics: false, logs: false });
    otlp.start();
    tick(1);
    otlp.anomaly(ANOMALY);
    await timers.advance(120_000);
    await otlp.stop();
    assert.deepEqual([reports, records], [[], []]);
  });
});

describe('what an endpoint does not take', () => {
  it('is counted when it is given up, with the reason', async () => {
    const down = async (): Promise<Sent> => ({ ok: false, why: 'ECONNREFUSED', refused: false });
    const { otlp, timers, tick } = made(down);
    otlp.start();
    for (let minute = 0; minute < 63; minute++) {
      tick(1);
      await timers.advance(60_000);
    }
    const [loss] = otlp.losses();
    assert.deepEqual([loss?.what, loss?.count, loss?.why], ['metrics not exported', 3, 'ECONNREFUSED']);
  });

  it('is counted when it took a part', () => {
    const { otlp, rejected } = made(taken);
    rejected('{"rejectedLogRecords":"4","errorMessage":"no"}');
    rejected('{"rejectedDataPoints":2}');
    assert.deepEqual(
      otlp.losses().map(({ what, count }) => [what, count]),
      [
        ['findings not exported', 4],
        ['metrics not exported', 1],
      ],
    );
  });

  it('does not hold up the end', async () => {
    const { otlp, timers, reports, tick, isClosed } = made(() => new Promise(() => {}));
    tick(1);
    const stopped = otlp.stop();
    await timers.advance(2000);
    await stopped;
    assert.equal(reports.length, 1);
    assert.ok(isClosed());
  });
});
