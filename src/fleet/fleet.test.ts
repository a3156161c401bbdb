import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { breach } from '../../test/support/situation.ts';
import { ManualClock } from '../lib/clock.ts';
import type { AgentEvent } from '../model/agent-event.ts';
import type { Anomaly } from '../model/anomaly.ts';
import { type Breach, isBreach } from '../model/breach.ts';
import type { Tick } from '../model/metric.ts';
import type { ListedProcess } from '../model/process.ts';
import { Fleet } from './fleet.ts';
import type { HostHistory } from './history.ts';

const CPU = 'system.cpu.utilization';
const BEGIN = 1_790_000_000_000;

/** A history in memory. */
class Kept {
  readonly ticks = new Map<number, Tick>();
  readonly anomalies = new Map<string, Anomaly | Breach>();
  /** How often the disk was waited for. */
  waits = 0;

  history(): HostHistory {
    return {
      append: (tick) => this.ticks.set(tick.at, tick),
      appendAnomaly: (...anomalies) => {
        this.waits++;
        for (const anomaly of anomalies) this.anomalies.set(anomaly.id, anomaly);
      },
      flush: () => {},
      maintain: () => false,
      stats: () => ({ bytes: 0, capBytes: 0, series: 0, oldestAt: undefined, problem: undefined }),
      close: () => {},
      series: () => [],
      query: () => ({ stepSeconds: 1, frames: [] }),
      processHistory: () => [],
      processesAt: () => undefined,
      anomalies: () => [...this.anomalies.values()].filter((one) => !isBreach(one)),
      breaches: () => [...this.anomalies.values()].filter(isBreach),
    };
  }
}

class Bench {
  readonly clock = new ManualClock(BEGIN);
  readonly kept = new Map<string, Kept>();
  readonly path: string;
  fleet: Fleet;
  readonly revoked = new Set<string>();
  #id = 0;

  constructor(t: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), 'homeostat-fleet-'));
    t.after(() => rmSync(folder, { recursive: true }));
    this.path = join(folder, 'fleet.db');
    this.fleet = this.open();
  }

  open(): Fleet {
    return new Fleet({
      ...{ clock: this.clock, path: this.path, mostOpen: 2, warn: assert.fail },
      revoked: () => this.revoked,
      openHistory: (host) => {
        const kept = this.kept.get(host) ?? new Kept();
        this.kept.set(host, kept);
        return kept.history();
      },
    });
  }

  say(host: string, ...events: AgentEvent[]): void {
    const stops = events.some((event) => event.kind === 'host' && event.state === 'stopping');
    this.fleet.heard(host, stops);
    for (const event of events) {
      const place = { id: ++this.#id, key: `key ${this.#id}`, receivedAt: this.clock.now() };
      this.fleet.take([{ ...place, host, event }], place);
    }
  }

  metrics(host: string, value = 0.1): void {
    this.say(host, { kind: 'metrics', at: this.clock.now(), values: [[CPU, value]] });
  }

  /** Time goes on; each of `hosts` reports every ten seconds. */
  pass(ms: number, hosts: Readonly<Record<string, number>> = {}): void {
    for (let left = ms; left > 0; left -= 5000) {
      this.clock.advance(5000);
      if (left % 10_000 === 0) for (const [host, value] of Object.entries(hosts)) this.metrics(host, value);
      this.fleet.look(true);
      this.fleet.work();
    }
  }

  state(host: string): string | undefined {
    return this.fleet.host(host)?.summary().state;
  }
}

const about = { osType: 'linux', osVersion: '6', bootId: 'a', cpus: 2, memoryBytes: 1e9, agentVersion: '1' };
const says = (at: number, state: 'up' | 'stopping', bootId = 'a'): AgentEvent => ({
  ...{ kind: 'host', at, state, ...about, bootId },
});
const process = (id: string): ListedProcess => ({
  ...{ id, pid: 1, ppid: 0, name: id, executable: `/bin/${id}`, invokedAs: undefined, args: [] },
  ...{ startedAt: BEGIN, uid: 0, gid: 0, cgroup: undefined, containerId: undefined },
});
const life = (at: number, what: 'start' | 'end' | 'snapshot', id: string): AgentEvent => ({
  ...{ kind: 'process', at, life: what, process: process(id) },
});

test('a silent host is told until it is heard again; one that said that it stops is not', (t) => {
  const bench = new Bench(t);
  bench.metrics('web');
  bench.say('db', says(BEGIN, 'up'), says(BEGIN + 1, 'stopping'));
  bench.pass(55_000);
  assert.equal(bench.state('web'), 'up');
  bench.pass(20_000);
  assert.deepEqual([bench.state('web'), bench.state('db')], ['silent', 'stopped']);
  const [finding] = bench.kept.get('web')!.anomalies.values();
  assert.deepEqual([finding?.kind, finding?.state, finding?.since], ['silence', 'open', BEGIN]);
  bench.clock.advance(1);
  bench.metrics('web');
  bench.fleet.look(true);
  bench.fleet.work();
  assert.equal(bench.state('web'), 'up');
  assert.equal(bench.kept.get('web')!.anomalies.get(finding!.id)?.state, 'closed');
  // What was measured after the stop says that it runs; what was kept back from before does not.
  bench.say('db', { kind: 'metrics', at: BEGIN, values: [] });
  assert.equal(bench.state('db'), 'stopped');
  bench.metrics('db');
  assert.equal(bench.state('db'), 'up');
});

test('who is silent is told by what was taken, however far behind its applying is', (t) => {
  const bench = new Bench(t);
  for (const host of ['web', 'db', 'shop']) bench.metrics(host);
  // Nothing is applied from here on: db is heard, shop said that it stops, web is gone.
  bench.fleet.heard('shop', true);
  for (let seconds = 0; seconds < 80; seconds += 5) {
    bench.clock.advance(5000);
    bench.fleet.heard('db', false);
    bench.fleet.look(true);
  }
  assert.deepEqual(
    ['web', 'db', 'shop'].map((host) => bench.state(host)),
    ['silent', 'up', 'up'],
  );
  // What was taken long ago and is applied now is no sign of life.
  const place = { id: 90, key: 'key', receivedAt: BEGIN + 1 };
  bench.fleet.take([{ ...place, host: 'web', event: { kind: 'metrics', at: BEGIN, values: [] } }], place);
  bench.pass(10_000);
  assert.equal(bench.state('web'), 'silent');
});

test('a hub that was down for a day calls nobody silent before its agents have tried again', (t) => {
  const bench = new Bench(t);
  bench.metrics('web');
  bench.fleet.close();
  bench.clock.advance(86_400_000);
  bench.fleet = bench.open();
  bench.pass(110_000);
  assert.equal(bench.state('web'), 'up');
  bench.pass(30_000);
  assert.equal(bench.state('web'), 'silent');
});

test('of a host that is let in no longer silence is no news', (t) => {
  const bench = new Bench(t);
  bench.metrics('web');
  bench.pass(70_000);
  assert.equal(bench.state('web'), 'silent');
  bench.revoked.add('web');
  bench.pass(10_000);
  assert.equal(bench.state('web'), 'up');
  assert.deepEqual(
    [...bench.kept.get('web')!.anomalies.values()].map(({ state }) => state),
    ['closed'],
  );
});

test('processes come, end, and are gone when a whole scan does not have them', (t) => {
  const bench = new Bench(t);
  const ids = () => [...bench.fleet.host('web')!.processes()].map(({ id }) => id);
  bench.say('web', life(BEGIN, 'snapshot', 'a'), life(BEGIN, 'snapshot', 'b'), life(BEGIN + 1, 'start', 'c'));
  bench.say('web', life(BEGIN + 2, 'end', 'b'));
  assert.deepEqual(ids(), ['a', 'c']);
  // A scan that was made before the end comes after it.
  bench.say('web', life(BEGIN + 1, 'snapshot', 'b'));
  assert.deepEqual(ids(), ['a', 'c']);
  bench.say('web', life(BEGIN + 3_600_000, 'snapshot', 'c'));
  bench.clock.advance(3_600_000 + 130_000);
  bench.metrics('web');
  assert.deepEqual(ids(), ['c']);
  bench.say('web', says(bench.clock.now(), 'up', 'first boot'), says(bench.clock.now(), 'up', 'second boot'));
  assert.deepEqual(ids(), []);
});

test('of a host that tells of processes without end the latest are kept, and what went is counted', (t) => {
  const bench = new Bench(t);
  const at = (index: number) => ({ id: index, key: 'key', receivedAt: bench.clock.now() });
  const events = Array.from({ length: 46_000 }, (_, index) => ({
    ...{ ...at(index), host: 'web' },
    event: life(BEGIN + index, index % 46 === 0 ? 'end' : 'start', `p${index}`),
  }));
  bench.fleet.take(events, at(46_000));
  const host = bench.fleet.host('web')!;
  const { count = 0 } = host.facts.processesDropped ?? {};
  assert.equal(host.countProcesses() + count, 45_000);
  assert.ok(host.countProcesses() >= 20_000 && host.countProcesses() <= 25_000, `${host.countProcesses()}`);
  assert.deepEqual([host.process('p1'), host.process('p45999')?.id], [undefined, 'p45999']);
  const large = { ...process('large'), args: ['x'.repeat(10_000)] };
  const more = Array.from({ length: 4000 }, (_, index) => ({
    ...{ ...at(index), host: 'db' },
    event: {
      kind: 'process',
      at: BEGIN + index,
      life: 'start',
      process: { ...large, id: `${index}` },
    } as const,
  }));
  bench.fleet.take(more, at(50_000));
  assert.ok(bench.fleet.host('db')!.countProcesses() <= 2000);
});

test('the same events again change nothing, and how far they were applied is kept after a round', (t) => {
  const bench = new Bench(t);
  const open: Anomaly = {
    ...{ schema: 1, id: 'x', host: 'forged', state: 'open', kind: 'machine', severity: 'HIGH' },
    ...{ provisional: false, since: BEGIN, raisedAt: BEGIN, score: 3, returnPeriodSeconds: 1 },
    ...{ metrics: [], culprits: [], sentence: '' },
  };
  const disk = breach('disk', 'system.filesystem.utilization', { host: 'forged' });
  const events: AgentEvent[] = [
    { kind: 'breach', at: BEGIN, breach: disk },
    { kind: 'breach', at: BEGIN, breach: { ...disk, id: 'gone' } },
    { kind: 'breach', at: BEGIN, breach: { ...disk, id: 'gone', state: 'closed', closedAt: BEGIN } },
    says(BEGIN, 'up'),
    life(BEGIN, 'start', 'a'),
    { kind: 'metrics', at: BEGIN, values: [[CPU, 0.5]] },
    { kind: 'anomaly', at: BEGIN, anomaly: open },
    { kind: 'anomaly', at: BEGIN, anomaly: { ...open, id: 'y' } },
    { kind: 'anomaly', at: BEGIN, anomaly: { ...open, id: 'y', state: 'closed', closedAt: BEGIN } },
  ];
  bench.say('web', ...events);
  bench.pass(35_000, { web: 0.5 });
  assert.deepEqual(
    Object.values(bench.fleet.host('web')?.facts.breaches ?? {}),
    [{ ...disk, host: 'web' }],
    'a host speaks for itself alone',
  );
  const cursor = bench.fleet.cursor();
  assert.ok(cursor && cursor.id >= events.length && !cursor.clean, JSON.stringify(cursor));
  bench.say('web', ...events);
  bench.fleet.close();
  const { ticks, anomalies } = bench.kept.get('web')!;
  assert.equal(ticks.get(BEGIN)?.metrics[0]?.value, 0.5);
  assert.deepEqual(
    [...anomalies.values()].map(({ id, host, state }) => [id, host, state]),
    [
      ['b-disk', 'web', 'open'],
      ['gone', 'web', 'closed'],
      ['x', 'web', 'open'],
      ['y', 'web', 'closed'],
    ],
  );
  bench.fleet = bench.open();
  const { openAnomalies, worst } = bench.fleet.host('web')!.summary();
  assert.deepEqual([openAnomalies, worst, bench.fleet.cursor()?.clean], [1, 'HIGH', true]);
});

test('a host unlike its five peers is told once, with the peers’ range, and closes when it is back', (t) => {
  const bench = new Bench(t);
  const usual = { a: 0.1, b: 0.12, c: 0.09, d: 0.11, e: 0.3, f: 0.1 };
  bench.pass(86_400_000, usual);
  bench.pass(8 * 60_000, { ...usual, c: 0.8 });
  const [finding, ...others] = bench.kept.get('c')!.anomalies.values();
  assert.equal(others.length, 0);
  assert.match(
    finding?.sentence ?? '',
    /^c is unlike its 5 peers since .*: CPU time is 80 %; by what they do it would be 9 %\.$/,
  );
  assert.equal(bench.fleet.host('c')?.summary().openAnomalies, 1);
  assert.equal([...bench.kept.values()].filter(({ anomalies }) => anomalies.size > 0).length, 1);
  bench.pass(3 * 60_000, usual);
  assert.equal(bench.kept.get('c')!.anomalies.get(finding!.id)?.state, 'closed');
});

test('an agent cannot forge or close what the hub found', (t) => {
  const bench = new Bench(t);
  bench.metrics('web');
  bench.pass(70_000);
  const [finding] = bench.kept.get('web')!.anomalies.values();
  bench.say('other', {
    kind: 'anomaly',
    at: BEGIN,
    anomaly: { ...(finding! as Anomaly), state: 'closed', closedAt: BEGIN },
  });
  bench.fleet.close();
  assert.equal(bench.kept.get('other'), undefined);
});

test('a host that tells of very many anomalies has few waits for the disk, as all others wait with it', (t) => {
  const bench = new Bench(t);
  bench.metrics('other');
  bench.pass(70_000);
  const [told] = bench.kept.get('other')!.anomalies.values();
  for (let number = 0; number < 1000; number++)
    bench.say('web', { kind: 'anomaly', at: BEGIN, anomaly: { ...(told! as Anomaly), id: `${number}` } });
  bench.fleet.close();
  const { anomalies, waits } = bench.kept.get('web')!;
  assert.equal(anomalies.size, 1000);
  assert.ok(waits < 20, `${waits}`);
});
