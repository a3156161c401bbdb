import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Event, Host_State, ProcessChange_Kind } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { LoopbackHub, ownOutbox } from '../../test/support/loopback-hub.ts';
import { Stage } from '../../test/support/scans.ts';
import { systemClock as clock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { Random } from '../lib/random.ts';
import { systemTimers as timers } from '../lib/timers.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Coverage } from '../model/coverage.ts';
import { series, type Tick } from '../model/metric.ts';
import { CredentialFiles } from './credentials.ts';
import { openHubStream } from './hub-stream.ts';
import { Publisher } from './publisher.ts';

const BOOT = '1f0c9e2a-0000-4000-8000-000000000000';

/** Closes the outbox in the end, but for one that several publishers share. */
function setUp(t: TestContext, hub: LoopbackHub, maxBytes = 2 ** 24, shared?: ReturnType<typeof ownOutbox>) {
  const outbox = shared ?? ownOutbox(t, maxBytes);
  const random = new Random(1);
  const coverage = healthy;
  const publisher = new Publisher({
    ...{ clock, timers, random: () => random.next(), log: silentLog, queue: outbox, maxBytes, coverage },
    ...{ metricsMs: 10_000, snapshotMs: 3_600_000, open: openHubStream },
    credentials: new CredentialFiles(hub.credentials, hub.address),
    host: (name) => ({
      ...{ name, hostName: 'shop', osType: 'linux', osVersion: '6.12', bootId: BOOT },
      ...{ cpus: 4, memoryBytes: 2 ** 33, agentVersion: '1.2.3' },
    }),
  });
  t.after(async () => {
    await publisher.stop();
    if (!shared) outbox.close();
  });
  return publisher;
}

const healthy = (): Coverage => ({ healthy: true, collectors: [], losses: [] });

const anomaly = (id: string): Anomaly => ({
  ...{ schema: 1, id, host: 'h', state: 'open', kind: 'machine', severity: 'LOW', provisional: false },
  ...{ since: 1, raisedAt: 2, score: 4, returnPeriodSeconds: 1e5, metrics: [], culprits: [], sentence: id },
});

const tick = (second: number, value: number): Tick => ({
  at: 1_795_000_000_000 + second * 1000,
  metrics: [{ series: series('system.cpu.utilization'), value }],
});

const events = (hub: LoopbackHub): Event[] => hub.records().map(({ bytes }) => Event.decode(bytes));

async function until(wanted: () => boolean, what: string): Promise<void> {
  for (let end = Date.now() + 20_000; !wanted(); await sleep(20))
    if (Date.now() > end) throw new Error(`${what} did not come`);
}

describe('a publisher and the bus of a hub', () => {
  it('say who sends, processes with keys that begin with the host, means of metrics, and coverage', async (t) => {
    const hub = await LoopbackHub.start(t);
    const publisher = setUp(t, hub);
    const stage = new Stage([{ pid: 11, executable: '/usr/bin/python3' }, { pid: 12 }]);
    publisher.scan(stage.scan());
    for (let second = 0; second <= 10; second++) publisher.tick(tick(second, second));
    publisher.start();
    await until(() => hub.records().length === 5, 'five events');
    const [first, second, metrics, coverage, up] = events(hub);
    assert.match(first!.idempotencyKey, /^host\/\S+\/snapshot\/[0-9a-f]{16}\/1$/);
    assert.equal(first!.process!.kind, ProcessChange_Kind.KIND_SNAPSHOT);
    assert.deepEqual(
      [first!.process!.process!.exe, first!.process!.process!.osType],
      ['/usr/bin/python3', 'linux'],
    );
    assert.match(second!.idempotencyKey, /\/snapshot\/[0-9a-f]{16}\/2$/);
    assert.match(metrics!.idempotencyKey, /^host\/1f0c9e2a\/metrics\/[0-9a-f]{16}\/3$/);
    assert.deepEqual(metrics!.metrics!.values, [{ series: 'system.cpu.utilization', value: 5 }]);
    assert.equal(coverage!.coverage!.healthy, true);
    const { state, name, bootId, cpus, memoryBytes } = up!.host!;
    assert.deepEqual(
      { state, name, bootId, cpus, memoryBytes },
      { state: Host_State.STATE_UP, name: 'shop', bootId: BOOT, cpus: 4, memoryBytes: 2n ** 33n },
    );
    await until(() => publisher.status().waiting.events === 0, 'the acknowledgement');
    const status = publisher.status();
    assert.deepEqual(
      [status.state, status.name, status.hub, status.problem, status.waiting.events],
      ['connected', 'host', hub.address, undefined, 0],
    );
  });

  it('lose nothing and keep the order when the hub is away and comes back', async (t) => {
    const hub = await LoopbackHub.start(t);
    const publisher = setUp(t, hub);
    publisher.start();
    await until(() => hub.records().length === 1, 'the first event');
    await hub.stop();
    await until(() => publisher.status().state === 'waiting', 'the end of the stream');
    for (let interval = 0; interval < 40; interval++) {
      publisher.tick(tick(interval * 10, interval));
    }
    await until(() => publisher.status().waiting.events === 40, 'what waits');
    await hub.start();
    await until(() => publisher.status().waiting.events === 0, 'the drain');
    const values = events(hub).flatMap(({ metrics }) => metrics?.values.map(({ value }) => value) ?? []);
    assert.deepEqual(
      values,
      Array.from({ length: 39 }, (_, index) => (index === 0 ? 0.5 : index + 1)),
    );
    assert.equal(events(hub).filter(({ host }) => host).length, 2, 'each stream says who sends');
  });

  it('wait for a hub that refuses for a while, then each event is there once', async (t) => {
    let refusals = 3;
    const hub = await LoopbackHub.start(t, (log) => ({
      id: log.id,
      append: (record) => log.append(record),
      appendAll: async (records) => {
        if (refusals-- > 0) throw Object.assign(new Error('full'), { reason: 'full', retryMs: 50 });
        return log.appendAll(records);
      },
      waiting: () => log.waiting(),
      ratePerSecond: () => log.ratePerSecond(),
    }));
    const publisher = setUp(t, hub);
    publisher.scan(new Stage(Array.from({ length: 1200 }, (_, pid) => ({ pid: pid + 1 }))).scan());
    publisher.start();
    await until(() => publisher.status().waiting.events === 0 && refusals < 0, 'the drain');
    const keys = hub.records().map(({ key }) => key);
    assert.equal(new Set(keys).size, 1201);
    assert.deepEqual(
      keys.map((key) => Number(key.split('/').at(-1))),
      Array.from({ length: 1201 }, (_, index) => index + 1),
    );
  });

  it('keep what matters most when the hub is away for too long, and count what went', async (t) => {
    const hub = await LoopbackHub.start(t);
    await hub.stop();
    const publisher = setUp(t, hub, 2 ** 20);
    const stage = new Stage(Array.from({ length: 2000 }, (_, pid) => ({ pid: pid + 1 })));
    publisher.anomaly(anomaly('first'));
    publisher.scan(stage.scan());
    for (let interval = 0; interval < 3000; interval++) publisher.tick(tick(interval * 10, interval));
    publisher.anomaly(anomaly('last'));
    publisher.start();
    const dropped = publisher.status().dropped;
    assert.ok(dropped.metrics! > 0 && !dropped.findings && !dropped.coverage, JSON.stringify(dropped));
    assert.deepEqual(
      publisher.losses().map(({ what, count }) => [what, count]),
      Object.values(dropped).map((count) => ['events not published', count]),
    );
    await hub.start();
    await until(() => publisher.status().waiting.events === 0, 'the drain');
    const kept = events(hub);
    const count = (of: (event: Event) => unknown): number => kept.filter(of).length;
    assert.equal(count(({ metrics }) => metrics) + dropped.metrics!, 2999);
    assert.equal(count(({ process }) => process) + (dropped.snapshots ?? 0), 2000);
    assert.deepEqual(
      kept.flatMap(({ anomaly: one }) => (one ? [one.id] : [])),
      ['first', 'last'],
    );
  });

  it('drain in order to a slow hub, with no more on the way than it is ready for', async (t) => {
    let busy = 0;
    let most = 0;
    const hub = await LoopbackHub.start(t, (log) => ({
      id: log.id,
      append: (record) => log.append(record),
      appendAll: async (records) => {
        most = Math.max(most, ++busy);
        await sleep(20);
        busy--;
        return log.appendAll(records);
      },
      waiting: () => log.waiting(),
      ratePerSecond: () => log.ratePerSecond(),
    }));
    const publisher = setUp(t, hub);
    publisher.scan(new Stage(Array.from({ length: 8000 }, (_, pid) => ({ pid: pid + 1 }))).scan());
    publisher.start();
    await until(() => publisher.status().waiting.events === 0, 'the drain');
    const numbers = hub.records().map(({ key }) => Number(key.split('/').at(-1)));
    assert.deepEqual(
      numbers,
      Array.from({ length: 8001 }, (_, index) => index + 1),
    );
    assert.ok(most >= 2 && most <= 8, `${most} batches at once`);
  });

  it('keep the word of a clean stop for a hub that is away', async (t) => {
    const hub = await LoopbackHub.start(t);
    const outbox = ownOutbox(t, 2 ** 24);
    const first = setUp(t, hub, 2 ** 24, outbox);
    first.start();
    await until(() => hub.records().length === 1, 'the first event');
    await hub.stop();
    await until(() => first.status().state === 'waiting', 'the end of the stream');
    await first.stop();
    await hub.start();
    const second = setUp(t, hub, 2 ** 24, outbox);
    t.after(() => outbox.close());
    second.start();
    await until(() => hub.records().length === 3, 'the stop and the new beginning');
    const { STATE_UP, STATE_STOPPING } = Host_State;
    assert.deepEqual(
      events(hub).map(({ host }) => host?.state),
      [STATE_UP, STATE_STOPPING, STATE_UP],
    );
    await second.stop();
  });

  it('lose nothing of an agent whose outbox was lost, in the same boot', async (t) => {
    const hub = await LoopbackHub.start(t);
    for (const kept of [2, 4]) {
      const publisher = setUp(t, hub);
      publisher.anomaly(anomaly(`${kept}`));
      publisher.start();
      await until(() => publisher.status().waiting.events === 0 && hub.records().length >= kept, `${kept}`);
    }
    assert.deepEqual(
      events(hub).flatMap((event) => (event.anomaly ? [event.anomaly.id] : [])),
      ['2', '4'],
    );
  });

  it('tell all processes again to a hub that knows nothing of them, and not to one that does', async (t) => {
    const hub = await LoopbackHub.start(t);
    const publisher = setUp(t, hub);
    const stage = new Stage([{ pid: 11 }, { pid: 12 }]);
    publisher.scan(stage.scan());
    publisher.start();
    await until(() => hub.records().length === 3, 'two processes and the host');
    await hub.stop();
    await until(() => publisher.status().state === 'waiting', 'the end of the stream');
    await hub.start();
    await until(() => hub.records().length === 4, 'the host again');
    publisher.scan(stage.scan());
    await hub.stop();
    await until(() => publisher.status().state === 'waiting', 'the end of the stream');
    hub.forget();
    await hub.start();
    await until(() => hub.records().length === 1, 'the host at the new log');
    publisher.scan(stage.scan());
    await until(() => hub.records().length === 3, 'all processes at the new log');
    const lives = events(hub).map(({ process }) => process?.kind);
    const { KIND_SNAPSHOT } = ProcessChange_Kind;
    assert.deepEqual(lives, [undefined, KIND_SNAPSHOT, KIND_SNAPSHOT]);
  });

  it('say at a clean stop that it is one', async (t) => {
    const hub = await LoopbackHub.start(t);
    const publisher = setUp(t, hub);
    publisher.start();
    await until(() => hub.records().length === 1, 'the first event');
    await publisher.stop();
    assert.deepEqual(
      events(hub).map(({ host }) => host?.state),
      [Host_State.STATE_UP, Host_State.STATE_STOPPING],
    );
  });

  it('go on with the credentials of another hub name as soon as their files change', async (t) => {
    const hub = await LoopbackHub.start(t);
    const publisher = setUp(t, hub);
    publisher.start();
    await until(() => hub.records().length === 1, 'the first event');
    await hub.enrol('renamed');
    await until(() => hub.records().length === 2, 'the second stream');
    assert.deepEqual(
      hub.records().map(({ source, key }) => [source, key.split('/')[0]]),
      [
        ['host', 'host'],
        ['renamed', 'renamed'],
      ],
    );
    assert.equal(publisher.status().name, 'renamed');
  });

  it('refuse a key that others could read, with the command that mends it', async (t) => {
    const hub = await LoopbackHub.start(t);
    chmodSync(join(hub.credentials, 'host.key'), 0o644);
    assert.throws(() => setUp(t, hub), /host\.key has mode 0644.*chmod 600/);
    assert.throws(
      () => new CredentialFiles(join(hub.credentials, 'none'), undefined).read(),
      /this host is not enrolled; run 'homeostat hub token create'/,
    );
  });
});
