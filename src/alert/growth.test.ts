import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Behaviour, Stage } from '../../test/support/scans.ts';
import type { ProcessFinding } from '../model/anomaly.ts';
import { GrowthDetector, type GrowthOptions } from './growth.ts';

const MEGABYTE = 1e6;
const LEAK_AT = 600;
/** 20 MB a minute from `from` on. */
const leaking =
  (from: number, end = Number.POSITIVE_INFINITY) =>
  (second: number) =>
    (50 + (Math.max(0, Math.min(second, end) - from) * 20) / 60) * MEGABYTE;

function watch(
  behaviours: readonly Behaviour[],
  end = 1500,
  options: Partial<GrowthOptions> = {},
): { at: number; found: readonly ProcessFinding[] }[] {
  const stage = new Stage([{ pid: 2, rss: () => 80 * MEGABYTE }, ...behaviours]);
  const detector = new GrowthDetector({ memoryBytes: 24e9, ...options });
  const heard: { at: number; found: readonly ProcessFinding[] }[] = [];
  while (stage.second < end) {
    const scan = stage.scan();
    heard.push({ at: stage.second, found: detector.observe(scan) });
  }
  return heard;
}

const first = (heard: ReturnType<typeof watch>) => heard.find(({ found }) => found.length > 0);

describe('a leak of 20 MB a minute', () => {
  it('is found within five minutes in a process that was steady before', () => {
    const found = first(watch([{ pid: 50, name: 'worker', rss: leaking(LEAK_AT) }]));
    assert.ok(found && found.at - LEAK_AT <= 300, `${found?.at}`);
    const [growth] = found.found;
    assert.equal(growth?.culprit.pid, 50);
    assert.equal(growth.severity, 'MEDIUM');
    assert.match(
      growth.sentence,
      /`worker` \(pid 50.*20 MB a minute.*fill the machine's memory in 19 h \d+ min/,
    );
  });

  it('is found within six minutes in a process that leaks from its first second', () => {
    const found = first(watch([{ pid: 50, born: LEAK_AT, rss: leaking(LEAK_AT) }]));
    assert.ok(found && found.at - LEAK_AT <= 360, `${found?.at}`);
  });

  it('is over when the process takes no more, and has kept its beginning meanwhile', () => {
    const heard = watch([{ pid: 50, rss: leaking(LEAK_AT, 1200) }]);
    assert.deepEqual(heard.at(-1)!.found, []);
    const starts = new Set(heard.flatMap(({ found }) => found.map(({ since }) => since)));
    assert.equal(starts.size, 1);
  });

  it('is found under the swings of a heap that is collected', () => {
    const saw = (second: number) => leaking(LEAK_AT)(second) + (second % 10) * 2 * MEGABYTE;
    assert.ok(first(watch([{ pid: 50, rss: saw }])));
  });
});

describe('what is no leak', () => {
  const cases: Record<string, Behaviour> = {
    'a cache that fills and slows down': {
      pid: 50,
      rss: (second) => (50 + 400 * (1 - Math.exp(-Math.max(0, second - LEAK_AT) / 150))) * MEGABYTE,
    },
    'a build that ends': { pid: 50, born: LEAK_AT, ends: LEAK_AT + 200, rss: leaking(LEAK_AT - 200) },
    'a heap that swings': { pid: 50, rss: (second) => (50 + (second % 120)) * MEGABYTE },
    'a large process that breathes': {
      pid: 50,
      rss: (second) => 4000 * MEGABYTE + leaking(LEAK_AT, 1000)(second),
    },
    'what grows by next to nothing': { pid: 50, rss: (second) => 50 * MEGABYTE + second * 10_000 },
  };
  for (const [name, behaviour] of Object.entries(cases))
    it(name, () => assert.equal(first(watch([behaviour])), undefined));

  it('a mapped file that is read in', () => {
    const anonymousBytes = () => 40 * MEGABYTE;
    assert.equal(first(watch([{ pid: 50, rss: leaking(LEAK_AT) }], 1500, { anonymousBytes })), undefined);
  });

  it('a program that was seen to grow for as long before', () => {
    const jobs = [0, 1, 2, 3].map((n) => ({
      ...{ pid: 50 + n, name: 'job', executable: '/usr/bin/job' },
      ...{ born: n * 500, ends: n * 500 + 400, rss: leaking(n * 500) },
    }));
    const told = new Set(watch(jobs, 2000).flatMap(({ found }) => found.map(({ culprit }) => culprit.pid)));
    assert.deepEqual([...told], [50], 'the first one is news, the others are its kind');
  });
});
