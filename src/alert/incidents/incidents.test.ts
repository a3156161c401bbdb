import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Culprit } from '../../model/anomaly.ts';
import type { Incident, Notice, Signal } from '../../model/incident.ts';
import { Incidents } from './incidents.ts';
import type { KeptIncident } from './kept.ts';
import { DEFAULT_POLICY, type IncidentPolicy } from './policy.ts';

const BEGIN = 1_790_000_000_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

const culprit = (executable: string, pid = 100): Culprit => ({
  ...{ id: `boot-${pid}-1`, pid, name: executable.slice(executable.lastIndexOf('/') + 1), executable },
  ...{ commandLine: executable, parent: undefined, containerId: undefined, share: 0.9, evidence: '' },
});

const metric = (key: string) => ({
  ...{ metric: key, unit: '1', observed: 0.9, expectedLow: 0, expectedHigh: 0.1, share: 1 },
});

const CPU = metric('system.cpu.utilization{cpu.mode=user}');
const LOAD = metric('system.linux.cpu.load_1m');
const disk = (mount: string) =>
  metric(`system.filesystem.utilization{system.filesystem.mountpoint=${mount}}`);

const signal = (id: string, parts: Partial<Signal> = {}): Signal => ({
  ...{ id, host: 'web', state: 'open', kind: 'machine', severity: 'LOW', provisional: false },
  ...{ since: BEGIN, raisedAt: BEGIN, metrics: [CPU], culprits: [culprit('/usr/bin/xmrig')] },
  ...{ sentence: `${id} is unusual.` },
  ...parts,
});

const closed = (of: Signal, at: number): Signal => ({ ...of, state: 'closed', closedAt: at });

/** What became of some signals. */
class Bench {
  readonly kept = new Map<string, KeptIncident>();
  readonly notices: string[] = [];
  at = BEGIN;
  readonly incidents: Incidents;

  constructor(policy: Partial<IncidentPolicy> = {}, left: readonly KeptIncident[] = []) {
    this.incidents = new Incidents({
      policy: { ...DEFAULT_POLICY, ...policy },
      onChange: (kept) => this.kept.set(kept.incident.id, kept),
      notify: ({ what, incident }: Notice) => this.notices.push(`${what} ${incident.cause}`),
    });
    this.incidents.restore(left, this.at);
  }

  tell(...signals: readonly Signal[]): this {
    for (const one of signals) this.incidents.signal(one, this.at);
    return this;
  }

  pass(ms: number): this {
    for (const end = this.at + ms; this.at < end; ) {
      this.at = Math.min(end, this.at + 10 * SECOND);
      this.incidents.look(this.at);
    }
    return this;
  }

  all(): readonly Incident[] {
    return [...this.kept.values()].map(({ incident }) => incident);
  }

  /** Which signals are one, by cause. */
  groups(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries(this.all().map(({ cause, signals }) => [cause, signals.map(({ id }) => id)]));
  }
}

const GROUPS: readonly {
  readonly what: string;
  readonly signals: readonly Signal[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
}[] = [
  {
    what: 'a machine and a process that name the same program are one',
    signals: [
      signal('machine'),
      signal('process', { kind: 'process', metrics: [], culprits: [culprit('/usr/bin/xmrig', 200)] }),
    ],
    groups: { 'process /usr/bin/xmrig': ['machine', 'process'] },
  },
  {
    what: 'a threshold on CPU joins whoever is named for it, and two programs are two',
    signals: [
      signal('machine'),
      signal('threshold', { kind: 'threshold' }),
      signal('other', { kind: 'process', metrics: [], culprits: [culprit('/usr/bin/ffmpeg')] }),
    ],
    groups: { 'process /usr/bin/xmrig': ['machine', 'threshold'], 'process /usr/bin/ffmpeg': ['other'] },
  },
  {
    what: 'what names nobody is one with what is short at the same time, and takes the name',
    signals: [signal('load', { metrics: [LOAD], culprits: [] }), signal('machine')],
    groups: { 'process /usr/bin/xmrig': ['load', 'machine'] },
  },
  {
    what: 'a file system is its own cause, whoever writes to it',
    signals: [
      signal('forecast', { kind: 'forecast', metrics: [disk('/var')], culprits: [] }),
      signal('threshold', { kind: 'threshold', metrics: [disk('/var')] }),
      signal('root', { kind: 'threshold', metrics: [disk('/')] }),
      signal('machine'),
    ],
    groups: {
      'filesystem /var': ['forecast', 'threshold'],
      'filesystem /': ['root'],
      'process /usr/bin/xmrig': ['machine'],
    },
  },
  {
    what: 'a host that is silent is one thing',
    signals: [
      signal('silence', { kind: 'silence', metrics: [], culprits: [] }),
      signal('peers', { kind: 'peers', culprits: [] }),
    ],
    groups: { 'host silent': ['silence'], 'unlike its peers: cpu': ['peers'] },
  },
  {
    what: 'workers of an interpreter are alike by what they run',
    signals: [
      signal('one', { culprits: [{ ...culprit('/usr/bin/node', 1), name: 'node server.js' }] }),
      signal('two', { culprits: [{ ...culprit('/usr/bin/node', 2), name: 'node server.js' }] }),
      signal('three', { culprits: [{ ...culprit('/usr/bin/node', 3), name: 'node build.js' }] }),
    ],
    groups: {
      'process /usr/bin/node server.js': ['one', 'two'],
      'process /usr/bin/node build.js': ['three'],
    },
  },
];

for (const { what, signals, groups } of GROUPS)
  test(what, () => assert.deepEqual(new Bench().tell(...signals).groups(), groups));

test('two hosts never share an incident', () => {
  const bench = new Bench().tell(signal('a'), signal('b', { host: 'db' }));
  assert.deepEqual(
    bench.all().map(({ host }) => host),
    ['web', 'db'],
  );
});

test('an incident closes once all its signals were closed for a while, at the end of the last one', () => {
  const bench = new Bench().tell(signal('a'), signal('b', { kind: 'process' }));
  bench
    .pass(MINUTE)
    .tell(closed(signal('a'), bench.at))
    .pass(10 * MINUTE);
  assert.equal(bench.all()[0]?.state, 'open');
  const end = bench.at;
  bench.tell(closed(signal('b', { kind: 'process' }), end)).pass(4 * MINUTE);
  assert.equal(bench.all()[0]?.state, 'open');
  bench.pass(2 * MINUTE);
  assert.equal(bench.all()[0]?.state, 'closed');
  assert.equal(bench.all()[0]?.closedAt, end);
  assert.deepEqual(bench.notices, ['opened process /usr/bin/xmrig', 'closed process /usr/bin/xmrig']);
});

test('what comes back soon is the same incident, and later another one', () => {
  const bench = new Bench().tell(signal('a'), closed(signal('a'), BEGIN)).pass(10 * MINUTE);
  bench.tell(signal('b', { since: bench.at })).pass(MINUTE);
  assert.deepEqual(
    bench.all().map(({ returns, state }) => [returns, state]),
    [[1, 'open']],
  );
  bench
    .tell(closed(signal('b'), bench.at))
    .pass(60 * MINUTE)
    .tell(signal('c'));
  assert.equal(bench.all().length, 2);
});

test('the severity rises and never falls, and the rise is told', () => {
  const bench = new Bench().tell(signal('a'), signal('a', { severity: 'HIGH' }), signal('a'));
  assert.equal(bench.all()[0]?.severity, 'HIGH');
  assert.deepEqual(bench.notices, ['opened process /usr/bin/xmrig', 'risen process /usr/bin/xmrig']);
});

test('what was over before it was heard of is kept and not told', () => {
  const bench = new Bench().tell(closed(signal('a'), BEGIN)).pass(10 * MINUTE);
  assert.deepEqual([bench.all()[0]?.state, bench.notices], ['closed', []]);
});

test('after a restart an incident goes on, and nothing is told twice', () => {
  const before = new Bench().tell(signal('a'));
  const after = new Bench({}, [...before.kept.values()]);
  after
    .tell(closed(signal('a'), BEGIN))
    .tell(signal('b'))
    .pass(10 * MINUTE);
  assert.deepEqual(after.groups(), { 'process /usr/bin/xmrig': ['a', 'b'] });
  assert.deepEqual(after.notices, []);
  after.tell(closed(signal('b'), after.at)).pass(10 * MINUTE);
  assert.deepEqual(after.notices, ['closed process /usr/bin/xmrig']);
});

const anySignal = fc.record({
  number: fc.integer({ min: 0, max: 12 }),
  after: fc.integer({ min: 0, max: 40 * 60 }),
  isOpen: fc.boolean(),
  program: fc.constantFrom('/bin/a', '/bin/b', undefined),
  kind: fc.constantFrom('machine', 'process', 'threshold'),
  severity: fc.constantFrom('LOW', 'MEDIUM', 'HIGH'),
} as const);

test('no signal is lost, each is in one incident, and the same history gives the same incidents', () => {
  fc.assert(
    fc.property(fc.array(anySignal, { maxLength: 40 }), (history) => {
      const play = (): Bench => {
        const bench = new Bench();
        for (const { number, after, isOpen, program, kind, severity } of history) {
          bench.pass(after * SECOND);
          const culprits = program === undefined ? [] : [culprit(program)];
          const one = signal(`signal ${number}`, { kind, severity, culprits, since: bench.at });
          bench.tell(isOpen ? one : closed(one, bench.at));
        }
        return bench;
      };
      const first = play();
      assert.deepEqual(first.all(), play().all());
      const told = new Set(history.map(({ number }) => `signal ${number}`));
      const held = new Set(first.all().flatMap(({ signals }) => signals.map(({ id }) => id)));
      assert.deepEqual([...held].sort(), [...told].sort());
      for (const { signals } of first.all())
        assert.equal(new Set(signals.map(({ id }) => id)).size, signals.length);
    }),
    { numRuns: 200, seed: 1 },
  );
});
