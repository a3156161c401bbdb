import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeEach, test } from 'node:test';
import { type FakeProcess, ProcHost } from '../../../test/support/proc-host.ts';
import { ManualClock } from '../../lib/clock.ts';
import type { Process, ProcessScan } from '../../model/process.ts';
import { DENIED, MISSING, UNREADABLE } from '../host.ts';
import { createLiveHost } from '../live-host.ts';
import { createProcessScanner, type ProcessScanner } from './linux.ts';

const START = 1_700_000_000_000;
let host: ProcHost;
let clock: ManualClock;
let scanner: ProcessScanner;

beforeEach(() => {
  host = new ProcHost();
  clock = new ManualClock(START + 100_000);
  scanner = createProcessScanner(host);
  host.put({ pid: 1, comm: 'init', startTicks: 1 });
});

const time = () => ({ wall: clock.now(), monotonic: clock.monotonic() });

/** A full scan `ms` after the last one. */
function scan(ms = 5000): ProcessScan {
  clock.advance(ms);
  host.asked.length = 0;
  return scanner.scan(time(), true);
}

function glance(ms = 1000): ProcessScan {
  clock.advance(ms);
  host.asked.length = 0;
  return scanner.scan(time(), false);
}

const find = (result: ProcessScan, pid: number): Process | undefined =>
  result.processes.find((process) => process.pid === pid);

/** Puts the process, scans, and gives what was seen of it. */
function see(process: FakeProcess, ms?: number): Process {
  host.put(process);
  return find(scan(ms), process.pid)!;
}

const askedFor = (pid: number): string[] =>
  host.asked
    .filter((path) => path.startsWith(`/proc/${pid}/`))
    .map((path) => path.slice(path.lastIndexOf('/') + 1));

/** Scans until nothing is read of an idle process any more but its stat. */
function settle(): void {
  for (let count = 0; count < 26; count++) scan();
}

test('all that is known of a process at first sight', () => {
  const seen = see({
    pid: 77,
    ppid: 5,
    startTicks: 4200,
    userTicks: 250,
    rssPages: 625,
    uid: 33,
    io: [9, 4096, 512],
  });
  assert.deepEqual(seen, {
    id: '1f0c9e2a-77-4200',
    pid: 77,
    ppid: 5,
    name: 'idle',
    executable: '/bin/idle',
    executableDeleted: false,
    invokedAs: '/bin/idle',
    args: ['--quiet'],
    startedAt: START + 42_000,
    uid: 33,
    gid: 34,
    cgroup: '/system.slice/idle.service',
    containerId: undefined,
    state: 'S',
    threads: 1,
    cpu: undefined,
    cpuTime: 2500,
    childCpuTime: 0,
    memory: 0.01,
    rss: 625 * 16384,
    virtual: 8192,
    readBytes: 4096,
    writeBytes: 512,
    readRate: undefined,
    writeRate: undefined,
    ioCalls: 9,
    majorFaults: 13,
    minorFaults: 11,
    openFiles: 3,
    contextSwitches: 10,
  });
});

test('rates are increases over monotonic time, whatever the wall clock does', () => {
  see({ pid: 7, userTicks: 100, io: [1, 1000, 0] });
  clock.jump(-3_600_000);
  const seen = see({ pid: 7, userTicks: 350, io: [5, 11_000, 500] }, 5000);
  assert.equal(seen.cpu, 0.5);
  assert.equal(seen.readRate, 2000);
  assert.equal(seen.writeRate, 100);
});

test('a counter that went back, or is none, gives no rate', () => {
  see({ pid: 7, userTicks: 500, io: [1, 9000, 10] });
  const back = see({ pid: 7, userTicks: 400, io: [2, 100, '18446744073709551615'] });
  assert.deepEqual(
    [back.cpu, back.readRate, back.writeBytes, back.writeRate],
    [undefined, undefined, undefined, undefined],
  );
  const huge = see({ pid: 7, userTicks: '18446744073709551615', io: [3, 100, 10] });
  assert.deepEqual([huge.cpu, huge.readRate, huge.writeRate], [undefined, 0, undefined]);
});

test('a pid that was used again is another process', () => {
  see({ pid: 7, startTicks: 100, userTicks: 100, cmdline: 'old\0' });
  host.put({ pid: 7, startTicks: 900, userTicks: 500, cmdline: 'new\0' });
  const result = scan();
  assert.deepEqual(result.gone, ['1f0c9e2a-7-100']);
  const seen = find(result, 7)!;
  assert.deepEqual([seen.id, seen.invokedAs, seen.cpu], ['1f0c9e2a-7-900', 'new', undefined]);
});

test('what ended is gone once', () => {
  see({ pid: 7 });
  host.remove(7);
  assert.deepEqual(scan().gone, ['1f0c9e2a-7-4200']);
  assert.deepEqual(scan().gone, []);
});

test('a process that vanishes while it is read for the first time was never here', () => {
  host.put({ pid: 7 });
  host.put({ pid: 8 });
  host.write('/proc/7/stat', MISSING);
  host.write('/proc/8/status', MISSING);
  const result = scan();
  assert.deepEqual(
    result.processes.map((process) => process.pid),
    [1],
  );
  assert.deepEqual([result.unreadable, scan().gone], [{}, []]);
});

test('names of any bytes', () => {
  assert.equal(see({ pid: 7, comm: 'a) R (b\n c' }).name, 'a) R (b\n c');
  assert.equal(see({ pid: 8, comm: Buffer.from([0x61, 0xfe, 0x62]) }).name, 'a\ufffdb');
  assert.equal(see({ pid: 9, comm: '' }).name, '');
});

test('of an idle process nothing is read but its stat, and all of it once a minute', () => {
  see({ pid: 7 });
  settle();
  const asked = Array.from({ length: 12 }, () => {
    scan();
    return askedFor(7).join(' ');
  });
  assert.deepEqual(asked.toSorted().slice(0, 2), ['stat', 'stat']);
  assert.deepEqual(
    asked.filter((files) => files !== 'stat'),
    ['stat cgroup exe cmdline io status fd'],
  );
});

test('of a process that moves, I/O, switches and open files are read each time', () => {
  see({ pid: 7 });
  settle();
  const files = Array.from({ length: 40 }, (_, index) => String(index));
  const seen = see({ pid: 7, userTicks: 1, switches: 90, files, io: [5, 100, 0] });
  assert.deepEqual([seen.contextSwitches, seen.openFiles, seen.ioCalls], [93, 40, 5]);
});

test('an exec of another program, and of the same one, is seen at once', () => {
  see({ pid: 7 });
  settle();
  const other = see({
    pid: 7,
    comm: 'miner',
    executable: '/tmp/miner (deleted)',
    cmdline: 'miner\0',
    stack: 5,
    uid: 0,
  });
  assert.deepEqual(
    [other.executable, other.executableDeleted, other.invokedAs],
    ['/tmp/miner', true, 'miner'],
  );
  assert.equal(other.uid, 0);
  const same = see({ pid: 7, comm: 'miner', cmdline: 'miner\0-x\0', stack: 6 });
  assert.deepEqual(same.args, ['-x']);
});

test('a process that moves to another group, owner or title is noticed within a minute', () => {
  see({ pid: 7 });
  settle();
  host.put({ pid: 7, cgroup: '0::/lxc.payload.web\n', uid: 0, cmdline: 'idle: serving\0' });
  for (let count = 0; count < 12; count++) scan();
  const seen = find(scan(), 7)!;
  assert.deepEqual([seen.containerId, seen.uid, seen.invokedAs], ['web', 0, 'idle: serving']);
});

test('the command line of a process in state D is never read; it is as soon as it may be', () => {
  const blocked = see({ pid: 7, state: 'D' });
  assert.deepEqual([blocked.invokedAs, blocked.executable, blocked.ioCalls], [undefined, '/bin/idle', 0]);
  for (let count = 0; count < 30; count++) {
    scan();
    assert.ok(!askedFor(7).includes('cmdline'));
  }
  assert.equal(see({ pid: 7, state: 'S' }).invokedAs, '/bin/idle');
});

test('the command line of a process of many threads is read once: another thread may be stuck', () => {
  see({ pid: 7, threads: 4 });
  for (let count = 0; count < 30; count++) {
    scan();
    assert.ok(!askedFor(7).includes('cmdline'));
  }
});

test('nothing that waits for exec is read of a process that hangs in the middle of it', () => {
  see({ pid: 7 });
  settle();
  host.put({ pid: 7, state: 'D', stack: 0, comm: 'new' });
  for (let count = 0; count < 13; count++) {
    scan();
    assert.ok(!askedFor(7).some((file) => ['exe', 'cmdline', 'io'].includes(file)));
  }
});

test('a kernel thread is not asked for a program', () => {
  const seen = see({ pid: 7, flags: 0x200040, stack: 0, cmdline: '', executable: MISSING, files: [] });
  assert.deepEqual(
    [seen.executable, seen.invokedAs, seen.openFiles, seen.uid],
    [undefined, undefined, undefined, 1000],
  );
  for (let count = 0; count < 13; count++) {
    assert.ok(!askedFor(7).some((file) => ['exe', 'cmdline', 'fd'].includes(file)));
    scan();
  }
});

test('a zombie keeps what it was', () => {
  see({ pid: 7, comm: 'worker' });
  host.put({
    pid: 7,
    comm: 'worker',
    state: 'Z',
    stack: 0,
    rssPages: 0,
    executable: MISSING,
    cmdline: '',
    files: DENIED,
  });
  for (let count = 0; count < 13; count++) scan();
  const seen = find(scan(), 7)!;
  assert.deepEqual([seen.state, seen.executable, seen.invokedAs], ['Z', '/bin/idle', '/bin/idle']);
});

test('what is refused is counted by process, is undefined, and is told with its remedy', () => {
  host.put({ pid: 7, executable: DENIED, io: DENIED, files: DENIED });
  host.put({ pid: 8 });
  host.write('/proc/8/stat', DENIED);
  host.put({ pid: 9 });
  host.write('/proc/9/stat', UNREADABLE);
  const result = scan();
  assert.deepEqual(result.unreadable, { EACCES: 2, malformed: 1 });
  const seen = find(result, 7)!;
  assert.deepEqual(
    [seen.executable, seen.ioCalls, seen.openFiles, seen.readRate],
    [undefined, undefined, undefined, undefined],
  );
  host.remove(8);
  scan();
  assert.equal(scanner.blindSpots()[0]?.what, 'executable, I/O and open files of 1 of 2 processes');
  assert.match(scanner.blindSpots()[0]?.remedy ?? '', /root/);
});

test('what was seen before it was refused is not shown as if it were now', () => {
  see({ pid: 7, io: [5, 5, 5] });
  const seen = see({ pid: 7, userTicks: 9, io: DENIED, executable: DENIED, files: DENIED });
  assert.deepEqual([seen.ioCalls, seen.openFiles, seen.writeBytes], [undefined, undefined, undefined]);
});

test('hidepid is a blind spot; so is a /proc without process 1', () => {
  scan();
  assert.deepEqual(scanner.blindSpots(), []);
  host.remove(1);
  scan();
  assert.equal(scanner.blindSpots()[0]?.why, '/proc does not show process 1');
  host.write(
    '/proc/self/mounts',
    'sysfs /sys sysfs rw 0 0\nproc /proc proc rw,nosuid,hidepid=invisible,gid=4 0 0\n',
  );
  scan();
  assert.equal(scanner.blindSpots()[0]?.why, '/proc is mounted with hidepid=invisible');
  host.put({ pid: 1 });
  host.write('/proc/1/stat', DENIED);
  scan();
  assert.equal(scanner.blindSpots()[0]?.what, 'processes of other users');
});

test('between full scans only what was busy or new is read again', () => {
  host.put({ pid: 7 });
  host.put({ pid: 8 });
  scan();
  host.put({ pid: 7, userTicks: 100 });
  host.put({ pid: 8, io: [4, 10_000_000, 0] });
  host.put({ pid: 9, startTicks: 9 });
  scan();
  host.put({ pid: 7, userTicks: 180 });
  const first = glance();
  assert.deepEqual([first.full, first.gone], [false, []]);
  assert.deepEqual(
    first.processes.map(({ pid, cpu }) => [pid, cpu]),
    [
      [7, 0.8],
      [8, 0],
      [9, 0],
    ],
  );
  assert.deepEqual(
    glance().processes.map((process) => process.pid),
    [7],
    'what came to rest is left alone',
  );
});

test('what ended between full scans is left out, and gone at the next full one', () => {
  see({ pid: 7 });
  see({ pid: 7, userTicks: 400 });
  host.remove(7);
  assert.deepEqual([glance().processes, glance().gone], [[], []]);
  assert.deepEqual(scan().gone, ['1f0c9e2a-7-4200']);
});

test('start times follow a wall clock that was set', () => {
  assert.equal(see({ pid: 7 }).startedAt, START + 42_000);
  clock.jump(86_400_000);
  host.write('/proc/stat', 'cpu  1 2 3 4\nbtime 1700086400\n');
  assert.equal(find(scan(), 7)?.startedAt, START + 86_400_000 + 42_000);
});

test('without /proc there is an error, not an empty machine', () => {
  host.folders.set('/proc', MISSING);
  assert.throws(() => scan(), /\/proc cannot be listed/);
  host.write('/proc/sys/kernel/random/boot_id', MISSING);
  assert.throws(() => createProcessScanner(host), /boot_id/);
});

test('this machine: itself and a child, from its birth to its end', async () => {
  const live = createProcessScanner(createLiveHost());
  const now = () => ({ wall: Date.now(), monotonic: performance.now() });
  const script = 'process.title = "odd (name) x"; process.stdout.write("ready"); setInterval(() => {}, 1000)';
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    const result = live.scan(now(), true);
    const self = find(result, process.pid)!;
    assert.equal(self.executable, process.execPath);
    assert.equal(self.uid, process.geteuid?.());
    assert.ok(self.rss > 10e6 && self.rss < 2e9 && self.memory > 0 && self.memory < 1);
    assert.ok(Math.abs(self.startedAt - (Date.now() - process.uptime() * 1000)) < 3000);
    assert.ok((self.openFiles ?? 0) > 3 && (self.ioCalls ?? 0) > 10 && (self.contextSwitches ?? 0) > 0);
    const born = find(result, child.pid!)!;
    assert.deepEqual([born.ppid, born.name, born.invokedAs], [process.pid, 'odd (name) x', 'odd (name) x']);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.deepEqual(live.scan(now(), true).gone.includes(born.id), true);
  } finally {
    child.kill('SIGKILL');
  }
});
