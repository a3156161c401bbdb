import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Behaviour, START, Stage } from '../../test/support/scans.ts';
import type { BrokenMetric, Culprit } from '../model/anomaly.ts';
import { Attributor } from './attribute.ts';
import { ProcessLedger } from './process-ledger.ts';

const MACHINE = { cpus: 4, memoryBytes: 8e9 };
const BREAKS_AT = 300;

function broken(metric: string, observed: number, low: number, high: number, share = 1): BrokenMetric {
  return { metric, unit: '1', observed, expectedLow: low, expectedHigh: high, share };
}

/** An ordinary machine: init, a shell, services that do a little. */
const USUAL: readonly Behaviour[] = [
  { pid: 1, ppid: 0, name: 'systemd' },
  { pid: 700, name: 'sshd', cpu: () => 0.01 },
  { pid: 800, ppid: 700, name: 'bash' },
  { pid: 900, name: 'postgres', cpu: () => 0.2, write: () => 1e6, rss: () => 500e6, switches: () => 300 },
];

function culprits(
  abnormal: readonly Behaviour[],
  metrics: readonly BrokenMetric[],
  { until = 330, sockets }: { until?: number; sockets?: ReadonlySet<number> } = {},
): readonly Culprit[] {
  const stage = new Stage([...USUAL, ...abnormal]);
  const ledger = new ProcessLedger();
  while (stage.second < until) ledger.observe(stage.scan());
  const attributor = new Attributor(ledger, {
    machine: MACHINE,
    ...(sockets && { socketOwners: () => sockets }),
  });
  return attributor.attribute(attributor.baseline(START + BREAKS_AT * 1000), metrics);
}

const after =
  (rate: number, before = 0) =>
  (second: number) =>
    second < BREAKS_AT ? before : rate;
const CPU = broken('system.cpu.utilization{cpu.mode=user}', 0.3, 0.04, 0.08);

test('a new process that burns a core accounts for the CPU time', () => {
  const [first, ...rest] = culprits(
    [{ pid: 4711, ppid: 800, name: 'xmrig', born: BREAKS_AT, cpu: () => 1 }],
    [CPU],
  );
  assert.equal(first?.pid, 4711);
  assert.deepEqual(first.parent, { pid: 800, name: 'bash' });
  assert.ok(first.share > 0.9, `${first.share}`);
  assert.match(first.evidence, /^CPU 0 % -> (9\d|100) % of a core, new since \d\d:\d\d:\d\d$/);
  assert.deepEqual(rest, []);
});

test('a process that always burns is not the culprit of what another one did', () => {
  const found = culprits(
    [
      { pid: 50, name: 'always', cpu: () => 1 },
      { pid: 51, name: 'worker', cpu: after(0.98, 0.03) },
    ],
    [CPU],
  );
  assert.deepEqual(
    found.map(({ pid }) => pid),
    [51],
  );
  assert.match(found[0]!.evidence, /^CPU 3 % -> 9\d % of a core$/);
});

test('siblings that burn together are one culprit with their number', () => {
  const miners = [0, 1, 2, 3].map((index) => ({
    pid: 60 + index,
    ppid: 800,
    name: 'miner',
    born: BREAKS_AT + 1,
    cpu: () => 1,
  }));
  const [first, ...rest] = culprits(miners, [{ ...CPU, observed: 0.99 }]);
  assert.deepEqual(first?.group, { count: 4, pids: [60, 61, 62, 63] });
  assert.ok(first.share > 0.9);
  assert.match(first.evidence, /^CPU 0 % -> (38\d|39\d|400) % of a core/);
  assert.deepEqual(rest, []);
});

test('a leak is found by the memory it took, a process whose memory is large but steady is not', () => {
  const leak = (second: number) => 50e6 + Math.max(0, second - 200) * 333e3;
  const found = culprits(
    [{ pid: 52, name: 'leaky', rss: leak }],
    [broken('system.memory.utilization', 0.3, 0.25, 0.26)],
  );
  assert.deepEqual(
    found.map(({ pid }) => pid),
    [52],
  );
  assert.match(found[0]!.evidence, /^memory 5\d MB -> 93 MB$/);
});

test('a disk that fills is found by the bytes written', () => {
  const found = culprits(
    [{ pid: 53, name: 'dump', write: after(40e6) }],
    [
      broken('system.filesystem.utilization', 0.9, 0.5, 0.51),
      { ...broken('system.disk.io{disk.io.direction=write}', 41e6, 0, 2e6), unit: 'By/s' },
    ],
  );
  assert.equal(found[0]?.pid, 53);
  assert.match(found[0].evidence, /wrote 0 B\/s -> \d+ MB\/s/);
  assert.match(found[0].evidence, /wrote 1\.2 GB since then/);
  assert.equal(found.length, 1);
});

test('who filled a disk is still named when it has long ended its work and others write a little', () => {
  const filler: Behaviour = {
    pid: 53,
    name: 'dump',
    write: (second) => (second >= BREAKS_AT && second < 330 ? 40e6 : 0),
  };
  const others: Behaviour = { pid: 66, name: 'logger', write: (second) => (second < 400 ? 0 : 1e6) };
  const [first] = culprits([filler, others], [broken('system.filesystem.utilization', 0.9, 0.5, 0.51)], {
    until: 600,
  });
  assert.equal(first?.pid, 53);
});

test('kernel threads, which write on behalf of others, are not accused of it', () => {
  const found = culprits(
    [
      { pid: 53, name: 'dump', write: after(10e6) },
      { pid: 70, ppid: 2, name: 'kworker/u8:0-loop0', write: after(20e6) },
    ],
    [
      broken('system.filesystem.utilization', 0.9, 0.5, 0.51),
      { ...broken('system.disk.io{disk.io.direction=write}', 3e7, 0, 2e6), unit: 'By/s' },
    ],
  );
  assert.deepEqual(
    found.map(({ pid }) => pid),
    [53],
  );
});

test('init is not accused of the orphans that it buries', () => {
  const found = culprits(
    [
      { pid: 2, ppid: 0, name: 'kthreadd' },
      { pid: 67, name: 'burner', cpu: after(0.5) },
      { pid: 1, ppid: 0, name: 'tini', born: -50, childCpu: after(3) },
    ],
    [CPU],
  );
  assert.deepEqual(
    found.map(({ pid }) => pid),
    [67],
  );
});

test('where the kernel counts no bytes (tmpfs) the calls tell who writes', () => {
  const found = culprits(
    [{ pid: 54, name: 'dump', calls: after(2000, 1) }],
    [broken('system.filesystem.utilization', 0.9, 0.5, 0.51)],
  );
  assert.equal(found[0]?.pid, 54);
  assert.match(found[0].evidence, /counted no bytes/);
});

test('a fork storm is laid at the door of the parent, by births and by the CPU time of children nobody saw', () => {
  const storm: Behaviour = { pid: 55, ppid: 800, name: 'storm', cpu: after(0.1), childCpu: after(0.6) };
  const seen = [0, 1, 2, 3].map((index) => ({
    pid: 1000 + index,
    ppid: 55,
    name: 'true',
    born: 304 + index,
    ends: 306 + index,
  }));
  const cron: Behaviour = { pid: 56, name: 'cron' };
  const job: Behaviour = { pid: 2000, ppid: 56, name: 'job', born: 308 };
  const found = culprits(
    [storm, ...seen, cron, job],
    [{ ...broken('system.process.created', 400, 0, 3), unit: '{process}/s' }],
  );
  assert.equal(found[0]?.pid, 55);
  assert.ok(found[0].share > 0.9);
  assert.match(found[0].evidence, /children/);
});

test('a fork bomb, in which children fork in their turn, is laid at the door of the ancestor', () => {
  const bomb: Behaviour[] = [{ pid: 3000, ppid: 800, name: 'bomb' }];
  for (let index = 1; index < 200; index++)
    bomb.push({
      pid: 3000 + index,
      ppid: 3000 + Math.floor((index - 1) / 2),
      name: 'bomb',
      born: 301 + Math.floor(index / 20),
    });
  const [first] = culprits(bomb, [{ ...broken('system.process.count', 210, 10, 12), unit: '{process}' }]);
  assert.equal(first?.pid, 3000);
});

test('a flood is laid at the door of those that own sockets, and the evidence says how it was inferred', () => {
  const flood = [
    { pid: 57, ppid: 800, name: 'sender', cpu: after(0.8) },
    { pid: 58, ppid: 800, name: 'cruncher', cpu: after(0.9) },
  ];
  const [first, ...rest] = culprits(
    flood,
    [{ ...broken('system.network.io{network.io.direction=receive}', 9e8, 0, 1e4), unit: 'By/s' }],
    { sockets: new Set([57, 900]) },
  );
  assert.equal(first?.pid, 57);
  assert.match(first.evidence, /owns sockets.*inferred/);
  assert.deepEqual(rest, []);
});

test('when there is less than usual, the culprit is who stopped', () => {
  const found = culprits(
    [{ pid: 59, name: 'server', cpu: after(0, 2), ends: 305 }],
    [broken('system.cpu.utilization{cpu.mode=user}', 0.05, 0.5, 0.6)],
  );
  assert.equal(found[0]?.pid, 59);
  assert.match(found[0].evidence, /^CPU 200 % -> \S+ % of a core, ended since$/);
});

test('a load average that still tells of the minutes before does not accuse who ended', () => {
  const found = culprits(
    [
      { pid: 64, name: 'build', cpu: after(0, 2), ends: 290 },
      { pid: 65, ppid: 800, name: 'burner', born: BREAKS_AT, cpu: () => 1 },
    ],
    [
      { ...broken('system.linux.cpu.load_1m', 1.4, 2, 3.3, 0.6), unit: '{thread}' },
      broken('system.cpu.busiest.utilization', 1, 0.2, 0.5, 0.4),
    ],
  );
  assert.deepEqual(
    found.map(({ pid }) => pid),
    [65],
  );
});

test('a culprit that ended before it was asked for is still named', () => {
  const [first] = culprits(
    [{ pid: 61, ppid: 800, name: 'burst', born: BREAKS_AT, ends: 312, cpu: () => 1 }],
    [CPU],
  );
  assert.equal(first?.pid, 61);
  assert.match(first.evidence, /ended since/);
});

test('nobody is named for what no process can answer for, or when nobody changed', () => {
  assert.deepEqual(culprits([], [CPU]), []);
  assert.deepEqual(culprits([{ pid: 62, cpu: after(1) }], [broken('hw.temperature', 90, 40, 50)]), []);
});
