import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { START, Stage } from '../../test/support/scans.ts';
import type { Process, ProcessScan } from '../model/process.ts';
import { ProcessChanges } from './process-changes.ts';

const HOUR = 3_600_000;
const MEGABYTE = 2 ** 20;

const told = (changes: ProcessChanges, scan: ProcessScan): string[] =>
  changes.observe(scan).map(({ kind, process }) => `${kind} ${process.pid}`);

/** The same scan with one process changed, `seconds` later. */
function later(scan: ProcessScan, seconds: number, change: Partial<Process> = {}): ProcessScan {
  const [first, ...others] = scan.processes;
  return {
    ...scan,
    at: scan.at + seconds * 1000,
    gone: [],
    processes: [{ ...first!, ...change }, ...others],
  };
}

describe('process changes', () => {
  it('tell all processes at first, then only what starts and ends', () => {
    const changes = new ProcessChanges(HOUR);
    const stage = new Stage([{ pid: 1 }, { pid: 2, ends: 20 }]);
    assert.deepEqual(told(changes, stage.scan()), ['snapshot 1', 'snapshot 2']);
    assert.deepEqual(told(changes, stage.scan()), []);
    stage.add({ pid: 3, born: 12 });
    assert.deepEqual(told(changes, stage.scan()), ['start 3']);
    assert.deepEqual(told(changes, stage.scan()), ['end 2']);
    assert.deepEqual(told(changes, stage.scan()), []);
  });

  it('tell all of them again once an hour, and when that is wished', () => {
    const changes = new ProcessChanges(HOUR);
    const stage = new Stage([{ pid: 1 }, { pid: 2 }]);
    const tellings = Array.from({ length: 1500 }, () => told(changes, stage.scan()).length);
    assert.deepEqual(
      tellings.flatMap((count, index) => (count > 0 ? [index * 5] : [])),
      [0, 3600, 7200],
    );
    changes.wantSnapshot();
    assert.equal(told(changes, stage.scan()).length, 2);
  });

  it('tell at once when a process becomes something else', () => {
    const whats: Partial<Process>[] = [
      ...[{ executable: '/usr/bin/other' }, { executableDeleted: true }, { args: ['--other'] }, { uid: 77 }],
      ...[{ gid: 77 }, { cgroup: '/other' }, { containerId: 'abc' }, { ppid: 77 }],
    ];
    for (const what of whats) {
      const changes = new ProcessChanges(HOUR);
      const scan = new Stage([{ pid: 1 }, { pid: 2 }]).scan();
      changes.observe(scan);
      assert.deepEqual(told(changes, later(scan, 5, what)), ['change 1'], JSON.stringify(what));
      assert.deepEqual(told(changes, later(scan, 10, what)), [], JSON.stringify(what));
    }
  });

  it('tell what it does in coarse steps, once a minute at most', () => {
    const changes = new ProcessChanges(HOUR);
    const scan = later(new Stage([{ pid: 1 }]).scan(), 0, { rss: 100 * MEGABYTE, threads: 4, state: 'S' });
    changes.observe(scan);
    assert.deepEqual(told(changes, later(scan, 60, { state: 'R', rss: 190 * MEGABYTE, threads: 9 })), []);
    assert.deepEqual(told(changes, later(scan, 65, { rss: 200 * MEGABYTE })), ['change 1']);
    assert.deepEqual(told(changes, later(scan, 70, { rss: 900 * MEGABYTE })), [], 'within the same minute');
    assert.deepEqual(told(changes, later(scan, 125, { rss: 900 * MEGABYTE })), ['change 1']);
    assert.deepEqual(told(changes, later(scan, 185, { rss: 900 * MEGABYTE, threads: 64 })), ['change 1']);
    const zombie = { rss: 900 * MEGABYTE, threads: 64, state: 'Z' } as const;
    assert.deepEqual(told(changes, later(scan, 245, zombie)), ['change 1']);
  });

  it('stay silent about a value that swings around a step', () => {
    const changes = new ProcessChanges(HOUR);
    const scan = later(new Stage([{ pid: 1 }]).scan(), 0, { rss: 100 * MEGABYTE });
    changes.observe(scan);
    let count = 0;
    for (let minute = 1; minute < 50; minute++) {
      const rss = (minute % 2 ? 127 : 129) * MEGABYTE;
      count += changes.observe(later(scan, minute * 60, { rss })).length;
    }
    assert.equal(count, 0);
  });

  it('keep the start time that was told first: it is part of what names a process', () => {
    const changes = new ProcessChanges(HOUR);
    const scan = new Stage([{ pid: 1 }]).scan();
    const [first] = changes.observe(scan);
    const moved = later(scan, 5, { startedAt: first!.process.startedAt + 10, uid: 5 });
    const [change] = changes.observe(moved);
    assert.equal(change!.process.startedAt, first!.process.startedAt);
    assert.equal(change!.process.uid, 5);
  });

  it('take nothing from a scan of the busy processes alone', () => {
    const changes = new ProcessChanges(HOUR);
    const scan = new Stage([{ pid: 1 }]).scan();
    assert.equal(changes.observe({ ...scan, full: false }).length, 0);
    assert.equal(scan.at, START + 5000);
    assert.deepEqual(told(changes, scan), ['snapshot 1']);
  });
});
