import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Behaviour, START, Stage } from '../../../test/support/scans.ts';
import { Random } from '../../lib/random.ts';
import type { ProcessFinding } from '../../model/anomaly.ts';
import { Profiles } from './profiles.ts';

const MINUTE = 60;
const HOUR = 3600;
const NOBODY: ReadonlySet<string> = new Set();

interface Heard {
  readonly second: number;
  readonly found: readonly ProcessFinding[];
}

/** Scans each 20 s until `end`, in seconds after the stage's start; `suspects` as the agent would hand them in. */
function watch(
  stage: Stage,
  profiles: Profiles,
  end: number,
  suspects: ReadonlySet<string> = NOBODY,
): readonly Heard[] {
  const heard: Heard[] = [];
  while (stage.second < end) {
    const scan = stage.scan(20);
    heard.push({ second: stage.second, found: profiles.observe(scan, suspects) });
  }
  return heard;
}

const first = (heard: readonly Heard[]): Heard | undefined => heard.find(({ found }) => found.length > 0);

/** 5 % of a core, a little more or less each minute. */
const steady = (second: number): number => 0.05 + 0.01 * Math.sin(Math.floor(second / MINUTE));

/** A worker that is steady but for what is changed from `from` on, and others that are not of its kind. */
const worker = (change: Partial<Behaviour>, name = 'worker', pid = 50): Behaviour => ({
  ...{ pid, name, cpu: steady, rss: () => 100e6, threads: () => 4, write: () => 1000 },
  ...change,
});
const OTHERS: readonly Behaviour[] = [
  { pid: 2, name: 'init', cpu: () => 0.001 },
  { pid: 3, name: 'shell', cpu: () => 0 },
];
const after = (from: number, before: number, then: number) => (second: number) =>
  second < from ? before : then;

describe('a process that leaves the profile of its kind', () => {
  it('is found within four minutes when it takes eight times the CPU, with its usual range', () => {
    const stage = new Stage([
      ...OTHERS,
      worker({ cpu: (second) => steady(second) * (second < 30 * HOUR ? 1 : 8) }),
    ]);
    const found = first(watch(stage, new Profiles(), 31 * HOUR));
    assert.ok(found && found.second - 30 * HOUR <= 4 * MINUTE + 10, `${found?.second}`);
    const [finding] = found.found;
    assert.deepEqual([finding?.what, finding?.culprit.pid, found.found.length], ['cpu', 50, 1]);
    assert.match(
      finding!.sentence,
      /^`worker` \(pid 50.* is out of the ordinary for what it is since \d\d:\d\d:\d\d: CPU \d\d % of a core \(all but 1 % of its kind: up to 6\.\d % of a core; known for 30 h \d min, 1 process\)\.$/,
    );
  });

  it('is found when it has ten times the threads, takes other memory, or writes', () => {
    const at = 30 * HOUR;
    const changes: readonly (readonly [string, Partial<Behaviour>])[] = [
      ['threads', { threads: after(at, 4, 40) }],
      ['memory', { rss: after(at, 100e6, 1e9) }],
      ['io', { write: after(at, 1000, 50e6) }],
    ];
    for (const [what, change] of changes) {
      const found = first(watch(new Stage([...OTHERS, worker(change)]), new Profiles(), at + 6 * MINUTE));
      assert.deepEqual(
        found?.found.map((one) => one.what),
        [what],
      );
    }
  });

  it('is held against its kind, of which others are known, when it is new', () => {
    const young = worker({ born: 30 * HOUR, cpu: () => 0.9 }, 'worker', 51);
    const found = first(watch(new Stage([...OTHERS, worker({}), young]), new Profiles(), 31 * HOUR));
    assert.equal(found?.found[0]?.culprit.pid, 51);
  });

  it('is not found while its kind is not mature', () => {
    const loud = (second: number) => (second < 20 * HOUR ? 0.05 : 0.9);
    assert.equal(
      first(watch(new Stage([...OTHERS, worker({ cpu: loud })]), new Profiles(), 23 * HOUR)),
      undefined,
    );
    const profiles = new Profiles();
    watch(new Stage([worker({})]), profiles, 30 * MINUTE);
    const [summary] = profiles.answer(0).profiles;
    assert.deepEqual([summary?.maturity, summary?.minutes, summary?.neededMinutes], ['collecting', 25, 240]);
  });

  it('is not found for what it did before, nor for bursts that are over soon', () => {
    const weekly = (second: number) => (second % (2 * HOUR) < 2 * MINUTE ? 0.9 : 0.05);
    assert.equal(
      first(watch(new Stage([...OTHERS, worker({ cpu: weekly })]), new Profiles(), 50 * HOUR)),
      undefined,
    );
  });

  it('becomes the new normal after an hour, and is over when it ends before', () => {
    const stage = () => new Stage([...OTHERS, worker({ cpu: after(30 * HOUR, 0.05, 0.9) })]);
    const heard = watch(stage(), new Profiles(), 32 * HOUR);
    assert.ok(first(heard));
    assert.deepEqual(heard.at(-1)!.found, []);
    const short = watch(
      new Stage([...OTHERS, worker({ cpu: after(30 * HOUR, 0.05, 0.9), ends: 30 * HOUR + 10 * MINUTE })]),
      new Profiles(),
      30 * HOUR + 11 * MINUTE,
    );
    assert.ok(first(short));
    assert.deepEqual(short.at(-1)!.found, []);
  });

  it('teaches nothing while an anomaly names it, and is not named twice', () => {
    const stage = new Stage([...OTHERS, worker({ cpu: after(30 * HOUR, 0.05, 0.9) })]);
    const profiles = new Profiles();
    watch(stage, profiles, 30 * HOUR);
    const named = new Set(stage.scan(10).processes.map(({ id }) => id));
    const before = profiles.answer(0, 'worker').profiles[0]!;
    assert.equal(first(watch(stage, profiles, 30 * HOUR + 30 * MINUTE, named)), undefined);
    const later = profiles.answer(0, 'worker').profiles[0]!;
    // What was seen has aged meanwhile.
    assert.ok(later.minutes <= before.minutes);
    assert.deepEqual(later.usual.cpu, before.usual.cpu);
  });
});

describe('the life span of a kind', () => {
  const [template] = new Stage([{ pid: 1, name: 'job' }]).scan().processes;
  const START_AT = template!.startedAt;

  /** A job of half a minute begins every other minute; another one, pid 90, begins at `stays` and does not end. */
  function jobs(stays: number, end: number): readonly Heard[] {
    const profiles = new Profiles();
    const heard: Heard[] = [];
    const process = (pid: number, second: number) => ({
      ...template!,
      ...{ id: `boot-${pid}-${second}`, pid, startedAt: START_AT + second * 1000 },
    });
    for (let second = 0; second <= end; second += 30) {
      const job = process(100, second - 15);
      const isThere = second % (2 * MINUTE) === 0;
      const processes = [...(isThere ? [job] : []), ...(second >= stays ? [process(90, stays)] : [])];
      const gone = second % (2 * MINUTE) === 30 ? [process(100, second - 45).id] : [];
      const scan = { at: START_AT + second * 1000, full: true, processes, gone, unreadable: {} };
      heard.push({ second, found: profiles.observe(scan, NOBODY) });
    }
    return heard;
  }

  it('is told of one that stays far longer than hundreds before it', () => {
    const found = first(jobs(30 * HOUR, 36 * HOUR));
    assert.deepEqual([found?.found[0]?.what, found?.found[0]?.culprit.pid], ['life', 90]);
    assert.ok(found!.second > 30 * HOUR + 600);
  });

  it('is not held against one that was there before the kind was known: the master of a service outlives its sessions', () => {
    assert.equal(first(jobs(0, 60 * HOUR)), undefined);
  });
});

describe('three quiet days of forty processes with bursts of heavy tails', () => {
  it('raise hardly anything', () => {
    const random = new Random(7);
    const minutes = 72 * 60;
    const many = Array.from({ length: 40 }, (_, index): Behaviour => {
      const rest = 0.002 + 0.05 * random.next() ** 3;
      const load = new Float64Array(minutes + 1).fill(rest);
      for (let minute = 0; minute < minutes; minute++) {
        load[minute]! *= 0.5 + random.next();
        if (random.next() > 0.02) continue;
        // Pareto with exponent 1.5, for one to six minutes.
        const height = Math.min(1, rest * random.next() ** (-1 / 1.5));
        for (let last = 1 + random.below(6); last > 0; last--)
          load[Math.min(minutes, minute + last)] = height;
      }
      const at = (second: number) => load[Math.min(minutes, Math.floor(second / MINUTE))]!;
      return {
        pid: 100 + index,
        name: `p${index % 30}`,
        cpu: at,
        write: (second) => 2e7 * at(second),
        rss: (second) => 5e7 + 3e8 * at(second),
      };
    });
    const stage = new Stage(many);
    const profiles = new Profiles();
    const told = new Set<string>();
    while (stage.second < 72 * HOUR)
      for (const { what, culprit, since } of profiles.observe(stage.scan(60), NOBODY))
        told.add(`${what} ${culprit.id} ${since}`);
    // Two days are judged, and half a finding a week is allowed for (`PER_WEEK`): a second one would be no chance.
    assert.ok(told.size <= 1, [...told].join('\n'));
  });
});

describe('what is kept of kinds', () => {
  it('is bounded: the longest unseen is forgotten, and counted', () => {
    const many = Array.from({ length: 1100 }, (_, index): Behaviour => {
      const born = Math.floor(index / 100) * 60;
      return { pid: 100 + index, name: `p${index}`, born, ends: born + 50 };
    });
    const profiles = new Profiles();
    watch(new Stage(many), profiles, 12 * MINUTE);
    const { profiles: left, forgotten } = profiles.answer(0);
    assert.deepEqual([left.length, forgotten], [1000, 100]);
    assert.ok(!left.some(({ kind }) => kind === '/usr/bin/p0'));
  });

  it('forgets what is young before what took a day to learn, whatever floods it, and counts what runs', () => {
    const flood = Array.from({ length: 1200 }, (_, index): Behaviour => {
      return { pid: 100 + index, name: `p${index}`, born: 26 * HOUR, ends: 26 * HOUR + 5 * MINUTE };
    });
    const stage = new Stage([worker({ ends: 25 * HOUR }), ...OTHERS]);
    const profiles = new Profiles();
    watch(stage, profiles, 25 * HOUR + MINUTE);
    stage.add(...flood);
    watch(stage, profiles, 26 * HOUR + 10 * MINUTE);
    const { profiles: left } = profiles.answer(START + stage.second * 1000);
    const known = left.find(({ kind }) => kind === '/usr/bin/worker');
    assert.deepEqual([known?.maturity, known?.running], ['mature', 0]);
    assert.deepEqual([left.length, left.filter(({ running }) => running < 0).length], [1000, 0]);
  });

  it('knows a process that renames itself by what it executes', () => {
    const profiles = new Profiles();
    const stage = new Stage([worker({})]);
    for (let scans = 0; scans < 30; scans++) {
      const scan = stage.scan(20);
      const processes = scan.processes.map((one) => ({ ...one, name: `worker ${scans}` }));
      profiles.observe({ ...scan, processes }, NOBODY);
    }
    assert.deepEqual(
      profiles.answer(0).profiles.map(({ kind, lives }) => [kind, lives]),
      [['/usr/bin/worker', 1]],
    );
  });

  it('is of two processes where a pid is used again', () => {
    const profiles = new Profiles();
    watch(new Stage([worker({ ends: 95 }), worker({ born: 100 }, 'other')]), profiles, 10 * MINUTE);
    const known = profiles.answer(0).profiles.map(({ kind, lives, running }) => [kind, lives, running]);
    assert.deepEqual(known.toSorted(), [
      ['/usr/bin/other', 1, 1],
      ['/usr/bin/worker', 1, 0],
    ]);
  });

  it('ends with the program where a process becomes another one', () => {
    const profiles = new Profiles();
    const stage = new Stage([worker({})]);
    for (const name of ['one', 'one', 'one', 'two', 'two']) {
      const scan = stage.scan(20);
      const processes = scan.processes.map((process) => ({ ...process, name, executable: `/bin/${name}` }));
      profiles.observe({ ...scan, processes }, NOBODY);
    }
    const known = profiles.answer(0).profiles.map(({ kind, lives, running }) => [kind, lives, running]);
    assert.deepEqual(known.toSorted(), [
      ['/bin/one', 1, 0],
      ['/bin/two', 1, 1],
    ]);
  });

  it('begins no minute across a gap, and goes on with what was known', () => {
    const stage = new Stage([worker({})]);
    const profiles = new Profiles();
    watch(stage, profiles, 10 * MINUTE);
    profiles.observe(stage.scan(600), NOBODY);
    watch(stage, profiles, 25 * MINUTE);
    const [summary] = profiles.answer(0).profiles;
    assert.deepEqual([summary?.minutes, summary?.running], [10, 1]);
    assert.ok(summary!.usual.cpu!.high < 0.08);
  });
});
