import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Event, PublishResponse_Status } from '../../proto/generated/homeostat/v1/telemetry.ts';
import type { HostsAnswer } from '../../src/model/host.ts';
import type { Incident } from '../../src/model/incident.ts';
import { AgentSays, batchOfEvents } from '../support/agent-events.ts';
import { StreamPublisher } from '../support/bus.ts';
import { Daemon, homeostat, ownFolder } from '../support/daemon.ts';
import { fixtureAnomalies } from '../support/fixture-anomalies.ts';
import { enrol, enrolHosts, HubProcess } from '../support/hub.ts';

const CPU = 'system.cpu.utilization';
const SECOND = 1000;

async function setUp(t: TestContext, names: readonly string[]) {
  const folder = ownFolder(t);
  const data = join(folder, 'data');
  await enrolHosts(data, folder, names);
  const start = async (): Promise<HubProcess> => {
    const hub = await HubProcess.start(data);
    t.after(() => hub.end('SIGKILL'));
    return hub;
  };
  /** Sends the events on a stream of their own; they are on disk when it resolves. */
  const send = async (hub: HubProcess, name: string, events: readonly Event[]): Promise<void> => {
    const stream = new StreamPublisher(hub.address, folder, name);
    await stream.next();
    stream.send(batchOfEvents(1, events));
    const { status, rejections } = await stream.next();
    assert.deepEqual({ status, rejections }, { status: PublishResponse_Status.STATUS_OK, rejections: [] });
    stream.close();
  };
  return { folder, data, start, send };
}

async function api<T>(hub: HubProcess, path: string, wanted = 200): Promise<T> {
  const response = await fetch(`${hub.figures}/api/v1/${path}`);
  assert.equal(response.status, wanted, path);
  return (await response.json()) as T;
}

/** Asks until the answer is as wished. */
async function until<T>(ask: () => Promise<T>, wished: (answer: T) => boolean): Promise<T> {
  for (const end = performance.now() + 120_000; ; ) {
    const answer = await ask();
    if (wished(answer)) return answer;
    assert.ok(performance.now() < end, `still ${JSON.stringify(answer)}`);
    await setTimeout(100);
  }
}

const hosts = (hub: HubProcess): Promise<HostsAnswer> => api<HostsAnswer>(hub, 'hosts');

describe('a hub with three hosts', () => {
  it('lists them, and keeps of each its metrics, processes, anomalies and coverage', async (t) => {
    const { start, send, folder, data } = await setUp(t, ['web-1', 'web-2', 'db']);
    const hub = await start();
    const now = Date.now();
    for (const [index, name] of ['web-1', 'web-2', 'db'].entries()) {
      const says = new AgentSays(name);
      const ticks = [30, 20, 10].map((age) =>
        says.metrics(now - age * SECOND, { [CPU]: index / 10, 'homeostat.score': index }),
      );
      await send(hub, name, [says.host(now - 31 * SECOND, 'up'), says.coverage(now, index > 0), ...ticks]);
    }
    const web = new AgentSays('web-1-again');
    const miner = { from: now - 60 * SECOND, to: now };
    const [anomaly] = fixtureAnomalies([miner, miner, miner], now - 3_600_000, now);
    await send(hub, 'web-1', [
      web.process(now, 'start', 11),
      web.process(now, 'start', 12, '/usr/bin/short'),
      web.process(now + 1, 'end', 12),
      ...(anomaly ? [web.anomaly(now, anomaly)] : []),
    ]);

    const { hosts: listed, hub: isHub } = await until(
      () => hosts(hub),
      (answer) => answer.hosts[1]?.openAnomalies === 1 && answer.hosts.length === 3,
    );
    assert.equal(isHub, true);
    assert.deepEqual(
      listed.map(({ name, state, os, cpus, healthy, score }) => [
        name,
        state,
        os,
        cpus,
        healthy,
        score?.value,
      ]),
      [
        ['db', 'up', 'linux', 4, true, 2],
        ['web-1', 'up', 'linux', 4, false, 0],
        ['web-2', 'up', 'linux', 4, true, 1],
      ],
    );
    const history = await api<{ frames: { mean: number[] }[] }>(
      hub,
      `history?host=web-2&metric=${CPU}&from=${now - 60_000}&to=${now}&resolution=1`,
    );
    assert.deepEqual(history.frames[0]?.mean, [0.1, 0.1, 0.1]);
    const { processes } = await api<{ processes: { pid: number; id: string }[] }>(
      hub,
      'processes?host=web-1',
    );
    assert.deepEqual(
      processes.map(({ pid, id }) => [pid, id]),
      [[11, '1f0c9e2a-11-4711']],
    );
    const found = await api<{ anomalies: { id: string; host: string }[] }>(hub, 'anomalies');
    assert.deepEqual(
      found.anomalies.map(({ id, host }) => [id, host]),
      [[anomaly!.id, 'web-1']],
    );
    const shown = await homeostat(folder, ['status', '--host', 'web-1', '--data', data]);
    assert.match(shown.stdout, /Host +web-1, linux 6\.12, 4 CPUs/);
    assert.match(shown.stdout, /Heard +up .*last heard/);
  });

  it('does not take a client for a host that sends events as agents do', async (t) => {
    const { start, send, folder, data } = await setUp(t, ['web']);
    const hub = await start();
    const issued = await homeostat(folder, ['hub', 'issue', 'siem', '--data', data, '--out', folder]);
    assert.equal(issued.code, 0, issued.stderr);
    await send(hub, 'siem', [new AgentSays('siem').host(Date.now(), 'up')]);
    await send(hub, 'web', [new AgentSays('web').host(Date.now(), 'up')]);
    const { hosts: listed } = await until(
      () => hosts(hub),
      (answer) => answer.hosts[0]?.state === 'up',
    );
    assert.deepEqual(
      listed.map(({ name }) => name),
      ['web'],
    );
    assert.match(await (await fetch(`${hub.figures}/metrics`)).text(), /^hub_events_unreadable 1$/m);
  });

  it('needs to be told which host is meant, and says what is wrong with a name', async (t) => {
    const { start } = await setUp(t, ['web-1']);
    const hub = await start();
    const { error } = await api<{ error: string }>(hub, 'status', 400);
    assert.match(error, /add host=NAME/);
    const unknown = await api<{ error: string }>(hub, 'status?host=../../etc', 404);
    assert.match(unknown.error, /no host is called '\.\.\/\.\.\/etc'/);
  });

  it('goes on where it was when it was killed, and tells a host that stops from others', async (t) => {
    const { start, send } = await setUp(t, ['web-1', 'web-2']);
    const hub = await start();
    const now = Date.now();
    const one = new AgentSays('web-1');
    const two = new AgentSays('web-2');
    await send(hub, 'web-1', [
      one.host(now, 'up'),
      one.metrics(now, { [CPU]: 0.5 }),
      one.process(now, 'start', 1),
    ]);
    await until(
      () => hosts(hub),
      (answer) => answer.hosts[0]?.state === 'up',
    );
    await hub.end('SIGKILL');
    const again = await start();
    await send(again, 'web-1', [one.host(now + 1, 'stopping')]);
    await send(again, 'web-2', [two.host(now, 'up')]);
    const { hosts: listed } = await until(
      () => hosts(again),
      (answer) => answer.hosts[1]?.state === 'up' && answer.hosts[0]?.state === 'stopped',
    );
    assert.deepEqual(
      listed.map(({ name, state }) => [name, state]),
      [
        ['web-1', 'stopped'],
        ['web-2', 'up'],
      ],
    );
    const { frames } = await api<{ frames: { mean: number[] }[] }>(
      again,
      `history?host=web-1&metric=${CPU}&from=${now - 1000}&to=${now + 1000}&resolution=1`,
    );
    assert.deepEqual(frames[0]?.mean, [0.5]);
    assert.equal(await again.end(), 0);
    const third = await start();
    assert.equal((await hosts(third)).hosts.length, 2);
  });
});

describe('a hub and three real agents', () => {
  it('shows what each machine does, and tells one that is killed from one that is stopped', async (t) => {
    const folder = ownFolder(t);
    const hubData = join(folder, 'hub-data');
    const hub = await HubProcess.start(hubData);
    t.after(() => hub.end('SIGKILL'));
    const config = join(folder, 'homeostat.yaml');
    writeFileSync(config, 'publish:\n  metrics_interval: 1s\n');
    const start = (name: string): Promise<Daemon> =>
      Daemon.start(t, join(folder, name), { command: 'agent', args: ['--config', config] });
    for (const name of ['one', 'two', 'three']) {
      mkdirSync(join(folder, name, 'home'), { recursive: true });
      await enrol(join(folder, name, 'data'), hubData, name, hub.address);
    }
    assert.deepEqual(
      (await hosts(hub)).hosts.map(({ name, state }) => [name, state]),
      [
        ['one', 'never'],
        ['three', 'never'],
        ['two', 'never'],
      ],
    );
    const agents = { one: await start('one'), two: await start('two'), three: await start('three') };

    const seen = await until(
      () => hosts(hub),
      (answer) => answer.hosts.filter(({ healthy }) => healthy !== undefined).length === 3,
    );
    assert.deepEqual(
      seen.hosts.map(({ name, state }) => [name, state]),
      [
        ['one', 'up'],
        ['three', 'up'],
        ['two', 'up'],
      ],
    );
    for (const [name, agent] of Object.entries(agents)) {
      const { processes } = await api<{ processes: { pid: number; id: string }[] }>(
        hub,
        `processes?host=${name}`,
      );
      const itself = processes.find(({ pid }) => pid === agent.pid);
      assert.match(itself?.id ?? '', new RegExp(`^[0-9a-f]{8}-${agent.pid}-\\d+$`));
      const { frames } = await until(
        () => api<{ frames: { mean: number[] }[] }>(hub, `history?host=${name}&metric=${CPU}&resolution=1`),
        (answer) => answer.frames[0]!.mean.length > 2,
      );
      assert.ok(frames[0]!.mean.every((value) => value >= 0 && value <= 1));
    }

    const top = await homeostat(folder, ['top', '--host', 'three', '--data', hubData, '--once']);
    assert.match(top.stdout, /^three {2}as of .* processes/);
    const history = await homeostat(folder, ['history', CPU, '--host', 'three', '--data', hubData]);
    assert.match(history.stdout, /CPU time .*a point each/);

    const exported = await homeostat(folder, [
      'export',
      '--host',
      'three',
      '--metric',
      CPU,
      '--data',
      hubData,
    ]);
    const [sample] = exported.stdout.split('\n').map((line) => JSON.parse(line || 'null'));
    assert.equal(sample.metric, CPU);
    assert.ok(sample.value >= 0 && sample.value <= 1);
    assert.equal((await agents.one.end()).code, 0);
    await agents.two.end('SIGKILL');
    const { hosts: after } = await until(
      () => hosts(hub),
      (answer) => answer.hosts.some(({ state }) => state === 'silent'),
    );
    assert.deepEqual(
      after.map(({ name, state, openAnomalies }) => [name, state, openAnomalies]),
      [
        ['one', 'stopped', 0],
        ['three', 'up', 0],
        ['two', 'silent', 1],
      ],
    );
    const told = await homeostat(folder, ['anomalies', '--host', 'two', '--data', hubData]);
    assert.match(told.stdout, /Nothing is heard of two since .*; it is usually heard every \d+ s/);
    const lost = await homeostat(folder, ['incidents', '--open', '--host', 'two', '--data', hubData]);
    assert.match(lost.stdout, /open +(LOW|MEDIUM|HIGH)\?? .* host silent +1\n$/);
    const served = await api<{ incidents: readonly Incident[] }>(hub, 'incidents?host=two');
    const [silent] = served.incidents;
    assert.deepEqual([silent?.host, silent?.kind], ['two', 'silence']);
    await until(
      () =>
        api<{ series: readonly string[] }>(hub, `incidents/${silent?.id}/evidence?host=two&metric=${CPU}`),
      ({ series }) => series.includes(CPU),
    );
    await start('two');
    const { hosts: back } = await until(
      () => hosts(hub),
      (answer) => answer.hosts[2]?.state === 'up',
    );
    assert.equal(back[2]?.openAnomalies, 0);
  });
});
