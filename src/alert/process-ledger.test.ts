import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Behaviour, START, Stage } from '../../test/support/scans.ts';
import { ProcessLedger } from './process-ledger.ts';
import { COLUMN } from './process-track.ts';

function play(stage: Stage, ledger: ProcessLedger, until: number): void {
  while (stage.second < until) ledger.observe(stage.scan());
}

const changeOf = (ledger: ProcessLedger, since: number, pid: number) =>
  ledger.changes(ledger.baseline(START + since * 1000)).find(({ track }) => track.process.pid === pid)!;

test('a change is measured against what the process itself usually does', () => {
  const stage = new Stage([{ pid: 10, cpu: (second) => (second < 300 ? 0.03 : 0.98) }]);
  const ledger = new ProcessLedger();
  play(stage, ledger, 350);
  const { usual, now, isNew } = changeOf(ledger, 300, 10);
  assert.equal(isNew, false);
  assert.ok(Math.abs(usual[COLUMN.cpu]! - 30) < 0.5, `${usual[COLUMN.cpu]}`);
  assert.ok(Math.abs(now[COLUMN.cpu]! - 980) < 10, `${now[COLUMN.cpu]}`);
});

test('a change in the middle of a slot is not diluted by the time before it', () => {
  const stage = new Stage([{ pid: 10, cpu: (second) => (second < 312 ? 0.1 : 1) }]);
  const ledger = new ProcessLedger();
  play(stage, ledger, 320);
  assert.ok(Math.abs(changeOf(ledger, 312, 10).now[COLUMN.cpu]! - 1000) < 20);
});

test('a process that is new has all of its own doings as change', () => {
  const stage = new Stage([{ pid: 1 }]);
  const ledger = new ProcessLedger();
  play(stage, ledger, 100);
  stage.add({ pid: 50, born: 101, cpu: () => 1, rss: () => 300e6 });
  play(stage, ledger, 120);
  const { isNew, now } = changeOf(ledger, 101, 50);
  assert.equal(isNew, true);
  assert.ok(now[COLUMN.cpu]! > 950);
  assert.equal(now[COLUMN.rss], 300e6);
});

test('what a process did since its birth shortly before is not its usual behaviour', () => {
  const stage = new Stage([{ pid: 1 }]);
  const ledger = new ProcessLedger();
  play(stage, ledger, 100);
  // Noticed 4 s later, in the next slot.
  stage.add({ pid: 50, born: 117, cpu: () => 1, rss: () => 300e6 });
  play(stage, ledger, 140);
  const { isNew, now, usual } = changeOf(ledger, 121, 50);
  assert.equal(isNew, true);
  assert.equal(usual[COLUMN.cpu], 0);
  assert.ok(now[COLUMN.cpu]! > 900);
});

test('a process that came when all was unusual already is measured from its own birth', () => {
  const stage = new Stage([{ pid: 1 }]);
  const ledger = new ProcessLedger();
  play(stage, ledger, 140);
  stage.add({ pid: 50, born: 140, cpu: () => 1 });
  play(stage, ledger, 150);
  assert.ok(changeOf(ledger, 101, 50).now[COLUMN.cpu]! > 950);
});

test('what was there before the ledger began is judged by the average of its life', () => {
  const stage = new Stage([{ pid: 10, cpu: (second) => (second < 1000 ? 0.5 : 1) }]);
  stage.scan(1000);
  const ledger = new ProcessLedger();
  play(stage, ledger, 1020);
  const { usual, isNew } = changeOf(ledger, 1002, 10);
  assert.equal(isNew, false);
  // 500 s of CPU in the 101,000 s of its life.
  assert.ok(usual[COLUMN.cpu]! > 3 && usual[COLUMN.cpu]! < 6);
});

test('a process that ended is remembered for ten minutes if it cost something', () => {
  const stage = new Stage([
    { pid: 10, ends: 60, cpu: () => 1 },
    { pid: 11, ends: 60 },
  ]);
  const ledger = new ProcessLedger();
  play(stage, ledger, 90);
  assert.ok(ledger.find(10)?.endedAt);
  assert.equal(ledger.find(11), undefined);
  play(stage, ledger, 700);
  assert.equal(ledger.find(10), undefined);
});

test('the CPU time of a child that was seen is not counted again when its parent inherits it', () => {
  const stage = new Stage([
    { pid: 10, childCpu: (second) => (second === 160 ? 30 : 0) },
    { pid: 11, ppid: 10, born: 130, ends: 160, cpu: () => 1 },
  ]);
  const ledger = new ProcessLedger();
  play(stage, ledger, 170);
  const parent = changeOf(ledger, 130, 10);
  // Only the 5 s after the last scan that saw the child are nobody's but the parent's: 5000 ms in a window of 40 s.
  assert.ok(parent.now[COLUMN.childCpu]! <= 125, `${parent.now[COLUMN.childCpu]}`);
  assert.equal(ledger.find(11)?.parent?.pid, 10);
});

test('children that no scan saw count for the parent that inherits their CPU time', () => {
  const stage = new Stage([{ pid: 10, childCpu: (second) => (second < 100 ? 0 : 0.4) }]);
  const ledger = new ProcessLedger();
  play(stage, ledger, 150);
  assert.ok(Math.abs(changeOf(ledger, 100, 10).now[COLUMN.childCpu]! - 400) < 5);
});

test('births are counted for the parent', () => {
  const stage = new Stage([{ pid: 10 }]);
  const ledger = new ProcessLedger();
  play(stage, ledger, 100);
  for (let pid = 100; pid < 200; pid++) stage.add({ pid, ppid: 10, born: 101, ends: 106 });
  play(stage, ledger, 110);
  assert.ok(changeOf(ledger, 100, 10).now[COLUMN.births]! >= 9);
});

test('a wall clock that jumps drops the past instead of mixing it', () => {
  const stage = new Stage([{ pid: 10, cpu: () => 0.5 }]);
  const ledger = new ProcessLedger();
  play(stage, ledger, 100);
  const scan = stage.scan();
  ledger.observe({ ...scan, at: scan.at - 3_600_000 });
  assert.equal(ledger.latestAt, scan.at - 3_600_000);
  const [change] = ledger.changes(ledger.baseline(scan.at - 3_600_000));
  assert.ok(change!.now[COLUMN.cpu]! < 600);
});

test('700 processes cost less than 1.5 MB', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const behaviours: Behaviour[] = Array.from({ length: 700 }, (_, index) => ({
    pid: index + 10,
    cpu: () => 0.01 * (index % 7),
    write: () => index,
  }));
  const stage = new Stage(behaviours);
  const scans = Array.from({ length: 200 }, () => stage.scan());
  const measure = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const ledger = new ProcessLedger();
  const before = measure();
  for (const scan of scans) ledger.observe(scan);
  const bytes = measure() - before;
  assert.ok(ledger.find(10));
  assert.ok(scans.length > 0);
  assert.ok(bytes < 1.5e6, `${bytes} bytes`);
});
