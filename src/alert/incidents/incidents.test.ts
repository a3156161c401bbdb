import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Culprit } from '../../model/anomaly.ts';
import type { Incident, Notice, Signal } from '../../model/incident.ts';
import { Incidents, MOST_OPEN } from './incidents.ts';
import type { KeptIncident } from './kept.ts';
import { DEFAULT_POLICY, type IncidentPolicy } from './policy.ts';
import { type Window, wallClock, windowNow } from './windows.ts';

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
      notify: ({ what, incident, together }: Notice) =>
        this.notices.push(`${what} ${incident.cause}${together ? ', together' : ''}`),
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
    what: 'who accounts for a small part is not the cause',
    signals: [
      signal('weak', { culprits: [{ ...culprit('/usr/bin/ffmpeg'), share: 0.2 }] }),
      signal('load', { metrics: [LOAD], culprits: [] }),
    ],
    groups: { cpu: ['weak', 'load'] },
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
      signal('renamed', {
        culprits: [{ ...culprit('/usr/bin/node', 2), name: 'web', commandLine: 'node --x server.js' }],
      }),
      signal('three', { culprits: [{ ...culprit('/usr/bin/node', 3), name: 'node build.js' }] }),
    ],
    groups: {
      'process /usr/bin/node server.js': ['one', 'two', 'renamed'],
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

test('what names nobody is not the return of what somebody did', () => {
  const bench = new Bench().tell(signal('a'), closed(signal('a'), BEGIN)).pass(10 * MINUTE);
  const load = signal('load', { metrics: [LOAD], culprits: [] });
  bench.tell(load, closed(load, bench.at)).pass(10 * MINUTE);
  assert.deepEqual(bench.groups(), { 'process /usr/bin/xmrig': ['a'], cpu: ['load'] });
  bench.tell(signal('again', { metrics: [LOAD], culprits: [] }));
  assert.deepEqual(bench.groups(), { 'process /usr/bin/xmrig': ['a'], cpu: ['load', 'again'] });
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

test('what a model is not sure of is not told until something is sure, unless it is wished for', () => {
  const unsure = signal('a', { provisional: true });
  const bench = new Bench().tell(unsure).pass(MINUTE);
  assert.deepEqual(bench.notices, []);
  const [decision, ...others] = bench.all()[0]!.decisions;
  assert.deepEqual([decision?.told, others], [false, []]);
  bench.tell(signal('b'));
  assert.deepEqual(bench.notices, ['opened process /usr/bin/xmrig']);
  assert.deepEqual(new Bench({ tellProvisional: true }).tell(unsure).notices, [
    'opened process /usr/bin/xmrig',
  ]);
});

/** 07:00 in Berlin on a Thursday, in winter: 06:00 in UTC. */
const MORNING = Date.UTC(2026, 10, 19, 6);
const berlin = wallClock('Europe/Berlin');

/** A night: what is told when `hours` before 07:00 something happens, and when. */
function night(policy: Partial<IncidentPolicy>, hours: number, ...signals: readonly Signal[]): Bench {
  const bench = new Bench({ wallClock: berlin, ...policy });
  bench.at = MORNING - hours * 60 * MINUTE;
  return bench.tell(...signals);
}

test('quiet hours hold back what is not HIGH, and tell it together in the morning', () => {
  const quietHours = [{ from: '22:00', to: '07:00' }];
  const other = signal('b', { culprits: [culprit('/bin/b')] });
  const high = signal('c', { severity: 'HIGH', culprits: [culprit('/bin/c')] });
  const bench = night({ quietHours }, 5, signal('a'), other, high);
  assert.deepEqual(bench.notices, ['opened process /bin/c']);
  bench.tell(closed(other, bench.at)).pass(60 * MINUTE);
  assert.deepEqual(
    bench.all().map(({ state }) => state),
    ['open', 'closed', 'open'],
  );
  assert.equal(bench.all()[0]!.decisions[0]!.why, 'quiet hours until 07:00');
  bench.pass(239 * MINUTE);
  assert.equal(bench.notices.length, 2, 'HIGH is told again after four hours');
  bench.pass(2 * MINUTE);
  assert.deepEqual(bench.notices.slice(2), [
    'opened process /usr/bin/xmrig, together',
    'closed process /bin/b, together',
  ]);
  bench.pass(60 * MINUTE);
  assert.deepEqual(bench.notices.length, 4);
});

test('maintenance holds back everything, and what is still open at its end is told', () => {
  const maintenance = [{ name: 'patches', days: ['wed'] as const, from: '23:00', to: '05:00' }];
  const high = signal('a', { severity: 'HIGH' });
  const other = signal('b', { severity: 'HIGH', culprits: [culprit('/bin/b')] });
  const bench = night({ maintenance }, 3, high, other);
  bench.tell(closed(other, bench.at)).pass(59 * MINUTE);
  assert.deepEqual(bench.notices, []);
  assert.equal(bench.all()[0]!.decisions[0]!.why, 'maintenance (patches) until 05:00');
  bench.pass(2 * MINUTE);
  assert.deepEqual(bench.notices, ['opened process /usr/bin/xmrig']);
});

test('a window holds at its hours, on its days, for its hosts and kinds', () => {
  const cases: readonly (readonly [Omit<Window, 'from' | 'to'> & Partial<Window>, boolean])[] = [
    [{ from: '01:00', to: '03:00' }, true],
    [{ from: '02:01', to: '03:00' }, false],
    [{ from: '01:00', to: '02:00' }, false],
    [{ from: '22:00', to: '03:00', days: ['wed'] }, true],
    [{ from: '22:00', to: '03:00', days: ['thu'] }, false],
    [{ from: '01:00', to: '03:00', days: ['thu'] }, true],
    [{ from: '2026-11-19T00:00', to: '2026-11-20T00:00' }, true],
    [{ from: '2026-11-19T02:01', to: '2026-11-20T00:00' }, false],
    [{ from: '01:00', to: '03:00', hosts: ['web'], kinds: ['machine'] }, true],
    [{ from: '01:00', to: '03:00', hosts: ['db'] }, false],
    [{ from: '01:00', to: '03:00', kinds: ['threshold'] }, false],
  ];
  for (const [window, holds] of cases) {
    const bench = night({ maintenance: [{ from: '', to: '', ...window }] }, 5, signal('a'));
    assert.equal(bench.notices.length === 0, holds, JSON.stringify(window));
  }
});

test('the hours of a window are those of its zone, in summer as in winter', () => {
  const window = { from: '22:00', to: '07:00' };
  const holds = (at: number): boolean =>
    windowNow([window], { host: 'web', kind: 'machine' }, berlin(at), () => true) !== undefined;
  assert.deepEqual([holds(MORNING - MINUTE), holds(MORNING)], [true, false]);
  const summer = Date.UTC(2026, 6, 2, 5);
  assert.deepEqual([holds(summer - MINUTE), holds(summer)], [true, false]);
});

test('a grave incident is told again while it is open, a lesser one is not', () => {
  const bench = new Bench({ remindEveryMs: 60 * MINUTE });
  bench
    .tell(signal('a', { severity: 'HIGH' }), signal('b', { culprits: [culprit('/bin/b')] }))
    .pass(121 * MINUTE);
  assert.deepEqual(bench.notices, [
    ...['opened process /usr/bin/xmrig', 'opened process /bin/b'],
    ...['reminder process /usr/bin/xmrig', 'reminder process /usr/bin/xmrig'],
  ]);
});

test('what comes and goes is told once as that, then when it is over for good', () => {
  const bench = new Bench();
  for (let round = 0; round < 8; round++) {
    const one = signal(`round ${round}`, { since: bench.at });
    bench
      .tell(one)
      .pass(MINUTE)
      .tell(closed(one, bench.at))
      .pass(6 * MINUTE);
  }
  const [incident] = bench.all();
  assert.deepEqual([bench.all().length, incident?.flapping, incident?.returns], [1, true, 7]);
  const told = bench.notices.length;
  assert.equal(told, 9, 'opened and closed four times, then flapping');
  bench.pass(40 * MINUTE);
  assert.deepEqual(bench.notices.slice(told), ['closed process /usr/bin/xmrig']);
});

test('how it went with a channel stands among the decisions', () => {
  const bench = new Bench().tell(signal('a'));
  const [{ id }] = bench.all() as [Incident];
  bench.incidents.told(id, { at: bench.at, what: 'opened', told: true, why: 'told by slack' });
  assert.equal(bench.all()[0]!.decisions.at(-1)!.why, 'told by slack');
});

const anySignal = fc.record({
  number: fc.integer({ min: 0, max: 12 }),
  after: fc.integer({ min: 0, max: 40 * 60 }),
  isOpen: fc.boolean(),
  program: fc.constantFrom('/bin/a', '/bin/b', undefined),
  kind: fc.constantFrom('machine', 'process', 'threshold'),
  severity: fc.constantFrom('LOW', 'MEDIUM', 'HIGH'),
} as const);

/** As signals are told: one that closed never opens again, what comes back has another id. */
function play(history: readonly (typeof anySignal extends fc.Arbitrary<infer T> ? T : never)[]) {
  const bench = new Bench();
  const told = new Set<string>();
  const rounds = new Map<number, number>();
  for (const { number, after, isOpen, program, kind, severity } of history) {
    bench.pass(after * SECOND);
    const round = rounds.get(number) ?? 0;
    const culprits = program === undefined ? [] : [culprit(program)];
    const one = signal(`signal ${number}, ${round}`, { kind, severity, culprits, since: bench.at });
    told.add(one.id);
    bench.tell(isOpen ? one : closed(one, bench.at));
    if (!isOpen) rounds.set(number, round + 1);
  }
  return { bench, told };
}

test('no signal is lost, each is in one incident, and the same history gives the same incidents', () => {
  fc.assert(
    fc.property(fc.array(anySignal, { maxLength: 40 }), (history) => {
      const { bench: first, told } = play(history);
      assert.deepEqual(first.all(), play(history).bench.all());
      const held = new Set(first.all().flatMap(({ signals }) => signals.map(({ id }) => id)));
      assert.deepEqual([...held].sort(), [...told].sort());
      for (const { signals } of first.all())
        assert.equal(new Set(signals.map(({ id }) => id)).size, signals.length);
    }),
    { numRuns: 200, seed: 1 },
  );
});

test('what is over is asked about no more until something is said of it, and what is open is', () => {
  const asked: string[] = [];
  const incidents = new Incidents({
    policy: DEFAULT_POLICY,
    onChange: () => {},
    annotate: ({ cause }) => {
      asked.push(cause);
      return {};
    },
  });
  const over = signal('over', { culprits: [culprit('/bin/over')] });
  incidents.signal(over, BEGIN);
  incidents.signal(closed(over, BEGIN + SECOND), BEGIN + SECOND);
  const opened = BEGIN + 10 * MINUTE;
  incidents.signal(signal('open', { culprits: [culprit('/bin/open')] }), opened);
  asked.length = 0;
  incidents.look(opened + SECOND);
  assert.deepEqual(asked, ['process /bin/open']);
  incidents.reconsider(opened + 2 * SECOND);
  assert.deepEqual(asked.slice(1), ['process /bin/over', 'process /bin/open']);
});

test("a host that tells a signal by the id of another host's reaches nothing of that one", () => {
  const bench = new Bench().tell(signal('a'));
  const [before] = bench.incidents.open();
  bench.tell(signal('a', { host: 'db', state: 'closed', closedAt: BEGIN + SECOND, severity: 'HIGH' }));
  bench.incidents.look(BEGIN + 60 * 60 * SECOND);
  const after = bench.incidents.open().find(({ host }) => host === 'web');
  assert.deepEqual([after?.id, after?.state, after?.severity], [before?.id, 'open', 'LOW']);
});

test('a host with too many open incidents gets no more, but that it is silent; one incident takes so many open signals', () => {
  const { incidents } = new Bench();
  const of = (n: number, parts: Partial<Signal> = {}): Signal =>
    signal(`s${n}`, { culprits: [culprit(`/bin/p${n}`)], ...parts });
  for (let n = 0; n < MOST_OPEN; n++) assert.ok(incidents.signal(of(n), BEGIN));
  assert.equal(incidents.signal(of(MOST_OPEN), BEGIN), false);
  assert.equal(incidents.knows('web', `s${MOST_OPEN}`), false);
  assert.ok(incidents.signal(of(-1, { host: 'db' }), BEGIN));
  assert.ok(incidents.signal(of(-2, { kind: 'silence' }), BEGIN));
  assert.ok(incidents.signal(closed(of(1), BEGIN), BEGIN));
  assert.ok(incidents.signal(of(-3, { culprits: [culprit('/bin/p2')] }), BEGIN), 'joins one that is open');
  const { incidents: one } = new Bench();
  for (let n = 0; n < MOST_OPEN; n++) assert.ok(one.signal(signal(`a${n}`), BEGIN));
  assert.equal(one.signal(signal('more'), BEGIN), false);
  assert.ok(one.signal(closed(signal('a0'), BEGIN), BEGIN));
});
