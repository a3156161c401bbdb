import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Behaviour, START, Stage } from '../../test/support/scans.ts';
import type { ProcessFinding } from '../model/anomaly.ts';
import type { ProcessScan } from '../model/process.ts';
import { SilenceDetector } from './silence.ts';

const FREEZES_AT = 600;
const OPTIONS = { matureScans: 24 };
const until =
  (rate: number, end = FREEZES_AT) =>
  (second: number) =>
    second < end ? rate : 0;
/** Others that live, so that not the whole machine is silent. */
const OTHERS: readonly Behaviour[] = [1, 2, 3, 4].map((pid) => ({ pid: 10 + pid, calls: () => 20 }));

function watch(
  behaviours: readonly Behaviour[],
  {
    end = 700,
    options = OPTIONS,
    scans = (scan: ProcessScan) => scan,
  }: { end?: number; options?: object; scans?: (scan: ProcessScan) => ProcessScan } = {},
): { at: number; silences: readonly ProcessFinding[] }[] {
  const stage = new Stage([...OTHERS, ...behaviours]);
  const detector = new SilenceDetector(options);
  const heard: { at: number; silences: readonly ProcessFinding[] }[] = [];
  while (stage.second < end) {
    const scan = scans(stage.scan());
    heard.push({ at: stage.second, silences: detector.observe(scan) });
  }
  return heard;
}

const first = (heard: ReturnType<typeof watch>) => heard.find(({ silences }) => silences.length > 0);

test('a service that was always active and stops moving is named within half a minute', () => {
  const found = first(watch([{ pid: 50, name: 'service', calls: until(2) }]));
  assert.ok(found && found.at - FREEZES_AT <= 30, `${found?.at}`);
  const [silence] = found.silences;
  assert.equal(silence?.culprit.pid, 50);
  assert.equal(silence.since, START + FREEZES_AT * 1000);
  assert.equal(silence.severity, 'LOW');
  assert.ok(silence.score > 6);
  assert.match(
    silence.sentence,
    /`service` \(pid 50.*\) has shown no sign of life since .*state S.*9\d % of the looks/,
  );
});

test('a stopped process says that it is stopped; one that waits in the kernel says where', () => {
  const state = (letter: 'T' | 'D') => (second: number) => (second < FREEZES_AT ? ('S' as const) : letter);
  const options = { ...OPTIONS, waitChannel: (pid: number) => (pid === 51 ? 'nfs_wait_bit' : undefined) };
  const heard = watch(
    [
      { pid: 50, cpu: until(0.1), state: state('T') },
      { pid: 51, calls: until(10), state: state('D') },
    ],
    { options },
  );
  const sentences = heard.at(-1)!.silences.map(({ sentence }) => sentence);
  assert.match(sentences[0]!, /it is stopped \(state T\)/);
  assert.match(sentences[1]!, /state D, in nfs_wait_bit/);
  assert.deepEqual(
    heard.at(-1)!.silences.map(({ severity }) => severity),
    ['MEDIUM', 'MEDIUM'],
  );
});

test('it falls silent itself as soon as the process moves again', () => {
  const heard = watch([{ pid: 50, calls: (second) => (second < FREEZES_AT || second > 660 ? 2 : 0) }]);
  assert.equal(heard.find(({ at }) => at === 660)?.silences.length, 1);
  assert.deepEqual(heard.at(-1)!.silences, []);
});

test('one that works no more but still wakes up is alive', () => {
  let switched = 0;
  const wakeups = (pid: number): number => (pid === 50 ? switched++ : 7);
  const idle = watch([{ pid: 50, calls: until(5) }], { options: { ...OPTIONS, wakeups } });
  assert.equal(first(idle), undefined);
  const dead = watch([{ pid: 51, calls: until(5) }], { options: { ...OPTIONS, wakeups } });
  assert.equal(first(dead)?.silences[0]?.culprit.pid, 51);
});

test('a count of switches that a scan reads late is no sign of life', () => {
  const late = (second: number): number => (second > 630 && second < 650 ? 50 : 0);
  const heard = watch([{ pid: 50, calls: until(5), switches: late }]);
  assert.equal(heard.at(-1)?.silences.length, 1);
});

test('one that waits where programs wait for work must have been watched ten times as long', () => {
  const waiting = (where: string, freezesAt: number) =>
    first(
      watch([{ pid: 50, calls: until(5, freezesAt) }], {
        end: freezesAt + 100,
        options: { ...OPTIONS, waitChannel: () => where },
      }),
    );
  assert.equal(waiting('do_epoll_wait', 600), undefined);
  assert.equal(waiting('pipe_write', 600)?.silences.length, 1);
  assert.equal(waiting('do_epoll_wait', 1300)?.silences.length, 1);
});

test('a process that works now and then is left alone', () => {
  const bursts = (second: number): number => (second < FREEZES_AT && second % 60 < 20 ? 5 : 0);
  assert.equal(first(watch([{ pid: 50, calls: bursts }], { end: 1500 })), undefined);
});

test('a pause as long as it made before is respected', () => {
  const pauses = (second: number): number =>
    second >= 1000 && second < 1040 ? 0 : second > 2000 && second < 2070 ? 0 : 5;
  const heard = watch([{ pid: 50, calls: pauses }], { end: 2100 });
  assert.ok(heard.some(({ at, silences }) => at < 1100 && silences.length > 0));
  assert.ok(heard.every(({ at, silences }) => at < 1100 || silences.length === 0));
});

test('one that was watched for a short time only is left alone', () => {
  assert.equal(first(watch([{ pid: 50, born: 520, calls: until(5) }])), undefined);
});

test('one that ends, a zombie, a kernel thread and a traced one are left alone', () => {
  const heard = watch([
    { pid: 50, calls: () => 5, ends: FREEZES_AT },
    { pid: 51, calls: until(5), state: (second) => (second < FREEZES_AT ? 'S' : 'Z') },
    { pid: 52, ppid: 2, cpu: until(0.1) },
    { pid: 53, calls: until(5), state: (second) => (second < FREEZES_AT ? 'S' : 't') },
  ]);
  assert.equal(first(heard), undefined);
});

test('a machine that was suspended, with a gap between scans, accuses nobody', () => {
  const shift = (scan: ProcessScan): ProcessScan =>
    scan.at >= START + 600_000 ? { ...scan, at: scan.at + 3_600_000 } : scan;
  assert.equal(first(watch([{ pid: 50, calls: () => 5 }], { scans: shift })), undefined);
});

test('a machine that was held without a gap, so that all fell silent together, accuses nobody', () => {
  const stage = new Stage([1, 2, 3, 4, 5].map((pid) => ({ pid: 10 + pid, calls: until(5) })));
  const detector = new SilenceDetector(OPTIONS);
  while (stage.second < 900) assert.deepEqual(detector.observe(stage.scan()), []);
});

test('looks at busy processes alone change nothing', () => {
  const heard = watch([{ pid: 50, calls: until(2) }], {
    scans: (scan) => (scan.at > START + 600_000 ? { ...scan, full: false, processes: [] } : scan),
  });
  assert.equal(first(heard), undefined);
});
