import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Anomaly_Severity, Breach_Kind, Event } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { Stage } from '../../test/support/scans.ts';
import { breach } from '../../test/support/situation.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Coverage } from '../model/coverage.ts';
import { type Metric, series } from '../model/metric.ts';
import type { Process } from '../model/process.ts';
import { EVENT_CLASSES } from '../model/publish.ts';
import { Events, type MakeEvent } from './events.ts';

const AT = 1_795_000_000_123;
const events = new Events(
  {
    ...{ name: 'shop', hostName: 'shop.example', osType: 'linux', osVersion: '6.12', cpus: 4 },
    ...{ bootId: '1f0c9e2a-0000-4000-8000-000000000000', memoryBytes: 2 ** 33, agentVersion: '1' },
  },
  'b0c5',
);
const [anyProcess] = new Stage([{ pid: 11 }]).scan().processes;

const made = (make: MakeEvent, id = 7): Event => Event.decode(make(id).bytes);

function told(change: Partial<Process>) {
  const process = { ...anyProcess!, ...change };
  return made(events.process({ kind: 'start', process }, AT)).process!.process!;
}

test('an event has its time in nanoseconds, a key of its own, and the place of its class', () => {
  const { key, timestampNs, rank, bytes } = events.host('up', AT)(7);
  assert.deepEqual(
    [key, timestampNs, EVENT_CLASSES[rank]],
    ['shop/1f0c9e2a/up/b0c5/7', 1_795_000_000_123_000_000n, 'findings'],
  );
  const { tsNs, idempotencyKey } = Event.decode(bytes);
  assert.deepEqual([tsNs, idempotencyKey], [timestampNs, key]);
  const ranks = (['start', 'end', 'change', 'snapshot'] as const).map(
    (kind) => EVENT_CLASSES[events.process({ kind, process: anyProcess! }, AT)(1).rank],
  );
  assert.deepEqual(ranks, ['processes', 'processes', 'processes', 'snapshots']);
});

test('a process says why it has no executable, and then what the kernel calls it', () => {
  const none = { executable: undefined, name: 'kworker/0:1', invokedAs: undefined, args: [] };
  assert.deepEqual(told({ ...none, virtual: 0, state: 'I' }).osMetadata, {
    'process.executable.state': 'kernel_thread',
    'process.name': 'kworker/0:1',
  });
  const denied = told({ ...none, virtual: 5e6, executableDenied: true });
  assert.equal(denied.osMetadata['process.executable.state'], 'permission');
  assert.deepEqual(
    told({ ...none, virtual: 5e6 }).osMetadata,
    { 'process.name': 'kworker/0:1' },
    'it was ending',
  );
  assert.deepEqual(told({ ...none, virtual: 0, state: 'Z' }).osMetadata, { 'process.name': 'kworker/0:1' });
  const deleted = told({ executable: '/usr/bin/x', executableDeleted: true });
  assert.deepEqual(deleted.osMetadata, { 'process.executable.state': 'deleted' });
});

test('a title that a process gave itself is told in place of its arguments', () => {
  const title = { executable: '/usr/lib/postgres', invokedAs: 'postgres: writer', args: [] };
  assert.deepEqual(told(title).args, ['postgres: writer']);
  assert.deepEqual(told({ ...title, invokedAs: '/usr/lib/postgres' }).args, []);
  assert.deepEqual(told({ ...title, args: ['-D', '/data'] }).args, ['-D', '/data']);
});

test('a number that could not be read is left out and stops nothing', () => {
  const { rssBytes, numThreads, startTsNs, uid } = told({
    ...{ rss: Number.NaN, threads: Number.NaN, startedAt: Number.NaN, uid: undefined },
  });
  assert.deepEqual([rssBytes, numThreads, startTsNs, uid], [0n, 0, 0n, 0]);
  assert.equal(told({ startedAt: -5000 }).startTsNs, 0n);
});

test('very many metrics are several events, none of which the hub would refuse', () => {
  const metrics: Metric[] = Array.from({ length: 3000 }, (_, index) => ({
    series: series('system.disk.io', { 'system.device': `disk-with-a-long-name-${index}` }),
    value: index,
  }));
  const several = events.metrics(metrics, AT).map((make) => make(1));
  assert.ok(several.length > 1 && several.every(({ bytes }) => bytes.length < 100_000));
  const values = several.flatMap(({ bytes }) => Event.decode(bytes).metrics!.values);
  assert.deepEqual(
    values.map(({ value }) => value),
    metrics.map(({ value }) => value),
  );
  assert.deepEqual(events.metrics([], AT), []);
});

test('a breach is told with its kind, its severity, its times, and whole', () => {
  const told = breach('disk', 'system.filesystem.utilization', { since: AT - 5000, kind: 'forecast' });
  const { id, kind, severity, openedTsNs, closedTsNs, json } = made(events.breach(told, AT)).breach!;
  assert.deepEqual(
    [id, kind, severity],
    ['b-disk', Breach_Kind.KIND_FORECAST, Anomaly_Severity.SEVERITY_MEDIUM],
  );
  assert.deepEqual([openedTsNs, closedTsNs], [BigInt(AT - 5000) * 1_000_000n, 0n]);
  assert.deepEqual(JSON.parse(json), told);
});

test('an anomaly is told with its severity, its times, and whole', () => {
  const anomaly: Anomaly = {
    ...{ schema: 1, id: 'a', host: 'h', state: 'closed', kind: 'machine', severity: 'HIGH' },
    ...{ provisional: false, since: AT - 1000, raisedAt: AT, closedAt: AT + 1000, score: 5 },
    ...{ returnPeriodSeconds: 1e6, metrics: [], culprits: [], sentence: 'CPU is busy' },
  };
  const { id, severity, sentence, openedTsNs, closedTsNs, json } = made(events.anomaly(anomaly, AT)).anomaly!;
  assert.deepEqual([id, severity, sentence], ['a', Anomaly_Severity.SEVERITY_HIGH, 'CPU is busy']);
  assert.deepEqual(
    [openedTsNs, closedTsNs],
    [BigInt(AT - 1000) * 1_000_000n, BigInt(AT + 1000) * 1_000_000n],
  );
  assert.deepEqual(JSON.parse(json), anomaly);
  const { closedAt: _, ...open } = anomaly;
  assert.equal(made(events.anomaly(open, AT)).anomaly!.closedTsNs, 0n);
});

test('coverage tells what is blind, what fails and what was lost', () => {
  const coverage: Coverage = {
    healthy: false,
    collectors: [
      {
        ...{ collector: 'disk', at: AT, durationMs: 1, error: 'EIO', metrics: 0 },
        outcome: 'failed',
        ...{ blind: [{ what: 'sdb', why: 'hangs' }], runs: 9, failures: 4 },
      },
    ],
    losses: [{ what: 'ticks missed', why: 'asleep', count: 3, lastAt: AT }],
  };
  assert.deepEqual(made(events.coverage(coverage, AT)).coverage, {
    healthy: false,
    losses: [
      { what: 'disk: sdb', why: 'hangs', count: 0n },
      { what: 'disk', why: 'EIO', count: 4n },
      { what: 'ticks missed', why: 'asleep', count: 3n },
    ],
  });
});
