import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { Status } from '../../src/model/status.ts';
import { Daemon, homeostat, ownFolder, type Prefix } from '../support/daemon.ts';
import { inMountsOf, inOwnMounts, onSmallDisk, seenBy } from '../support/private-mounts.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

const stores = ({ store }: Status): boolean => store.series > 0;
const refused = ({ coverage }: Status): boolean => coverage.storeProblem !== undefined;
const accepted = ({ coverage }: Status): boolean => coverage.storeProblem === undefined;

/** Writes until the disk takes nothing more; the path of what fills it. */
function fill(folder: string): string {
  const path = join(folder, 'fill');
  const file = openSync(path, 'w');
  try {
    for (const size of [65_536, 1]) {
      const block = Buffer.alloc(size);
      for (let written = size; written === size; written = write(file, block));
    }
  } finally {
    closeSync(file);
  }
  return path;
}

function write(file: number, block: Buffer): number {
  try {
    return writeSync(file, block);
  } catch {
    return 0;
  }
}

/** Seconds between `from` and `to` of which nothing is on the disk, as its own mounts show it. */
async function gaps(folder: string, mounts: Prefix, from: number, to: number): Promise<number> {
  const period = ['--from', new Date(from).toISOString(), '--to', new Date(to).toISOString()];
  const command = [
    'export',
    '--data',
    join(folder, 'data'),
    ...period,
    '--metric',
    'system.cpu.busiest.utilization',
  ];
  const { code, stdout, stderr } = await homeostat(folder, command, {}, mounts);
  assert.equal(code, 0, stderr);
  return (to - from) / 1000 - stdout.split('\n').length + 1;
}

const ticksMissed = ({ coverage }: Status): number =>
  coverage.losses.reduce((sum, { what, count }) => sum + (what === 'ticks missed' ? count : 0), 0);

/** The disk refuses, then takes data again: red meanwhile, with the reason, and nothing is missing after. */
async function refuseAndTakeAgain(
  folder: string,
  daemon: Daemon,
  mounts: Prefix,
  why: RegExp,
  refuse: () => void,
  take: () => void,
) {
  const before = await daemon.until(stores, 'the first flush');
  assert.equal(before.coverage.storeProblem, undefined);
  refuse();
  const during = await daemon.until(refused, 'the refusal');
  assert.equal(during.coverage.healthy, false);
  assert.match(during.coverage.storeProblem!, why);
  await daemon.until(({ lastSampleAt }) => lastSampleAt! > during.lastSampleAt!, 'another sample');
  take();
  const after = await daemon.until(accepted, 'a disk that takes data again');
  assert.deepEqual(
    after.coverage.losses.filter(({ what }) => what === 'samples not stored'),
    [],
  );
  assert.equal(await gaps(folder, mounts, before.lastSampleAt!, during.lastSampleAt!), ticksMissed(after));
}

/** The soft limit alone: what was taken can be given back without being root. */
function limitFileSize(pid: number, bytes: string): void {
  const { status, stderr, error } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, `prlimit is needed: ${error?.message ?? stderr}`);
}

/** On an ext4 in a file: after an error that file system is read-only, whoever still writes to it. */
async function onFailingDisk(t: TestContext, folder: string): Promise<Daemon> {
  if (!isRoot) throw new Error('this test mounts an ext4 from a file: run it as root');
  const image = join(folder, 'disk.img');
  const made = spawnSync('sh', ['-c', 'truncate -s 16M "$0" && mkfs.ext4 -q -F "$0"', image], {
    // Where not everybody's path leads.
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    encoding: 'utf8',
  });
  assert.equal(made.status, 0, `mkfs.ext4 (e2fsprogs) is needed: ${made.stderr}`);
  const prefix = inOwnMounts(`mount -o loop "${image}" "$0"`, join(folder, 'data'));
  return await Daemon.start(t, folder, { prefix, seenAt: seenBy });
}

// They mostly wait: for a flush each 5 s.
describe('the daemon where the machine fails it', { concurrency: 3 }, () => {
  test('a full disk: it goes on, says so in red, and stores what waited once there is room', async (t) => {
    const folder = ownFolder(t);
    const data = join(folder, 'data');
    const daemon = await Daemon.start(t, folder, { prefix: onSmallDisk(data, 4 << 20), seenAt: seenBy });
    let filler = '';
    await refuseAndTakeAgain(
      folder,
      daemon,
      inMountsOf(daemon.pid),
      /the disk is full/,
      () => {
        filler = fill(daemon.folder);
      },
      () => rmSync(filler),
    );
    const status = await homeostat(folder, ['status', '--data', daemon.folder]);
    assert.deepEqual([status.code, /^Coverage/m.test(status.stdout)], [0, true]);

    fill(daemon.folder);
    await daemon.until(refused, 'the second refusal');
    const shown = await homeostat(folder, ['status', '--data', daemon.folder]);
    assert.match(shown.stdout, /^Coverage +BLIND in part/m);
    assert.match(shown.stdout, /^Not stored +the disk is full; the latest data waits in memory$/m);
    const ended = await daemon.end();
    assert.equal(ended.code, 1, 'what it could not keep is no clean end');
    assert.match(
      ended.stderr,
      /^homeostat: \d+ samples could not be stored: the disk is full; see that .* has room.*\n$/,
    );
  });

  test('a disk that is full from the beginning is named in one line', async (t) => {
    const folder = ownFolder(t);
    const data = join(folder, 'data');
    const full = inOwnMounts(
      'mount -t tmpfs -o size=64k,mode=700 tmpfs "$0"; head -c 1m /dev/zero > "$0/fill" 2>/dev/null || true',
      data,
    );
    const { code, stderr } = await homeostat(folder, ['up', '--data', data, '--port', '0'], {}, full);
    assert.match(stderr, /^homeostat: [^\n]*\/data[^\n]*\n$/);
    assert.notEqual(code, 0);
  });

  test('a read-only data folder is refused in one line that says what to do', async (t) => {
    const folder = ownFolder(t);
    const data = join(folder, 'data');
    const readOnly = inOwnMounts('mount -t tmpfs -o ro tmpfs "$0"', data);
    const { code, stderr } = await homeostat(folder, ['up', '--data', data, '--port', '0'], {}, readOnly);
    assert.match(stderr, /^homeostat: .*\/data: the data folder cannot be used \(EROFS\);.* --data\n$/);
    assert.equal(code, 2);
  });

  test('a disk that stops taking writes while it runs: nothing is lost when it takes them again', async (t) => {
    const folder = ownFolder(t);
    const daemon = await Daemon.start(t, folder);
    await refuseAndTakeAgain(
      folder,
      daemon,
      [],
      /could not be written|is read-only|is full/,
      () => limitFileSize(daemon.pid, '1'),
      () => limitFileSize(daemon.pid, 'unlimited'),
    );
    assert.equal((await daemon.end()).code, 0);
  });

  test('a disk that the kernel makes read-only after an error: it goes on and ends well, in red', async (t) => {
    const folder = ownFolder(t);
    const daemon = await onFailingDisk(t, folder);
    await daemon.until(stores, 'the first flush');
    const [nsenter, ...where] = inMountsOf(daemon.pid);
    const { stderr } = spawnSync(nsenter!, [...where, 'mount', '-o', 'remount,abort', join(folder, 'data')], {
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    const during = await daemon.until(refused, 'the refusal');
    assert.equal(during.coverage.healthy, false);
    await daemon.until(({ lastSampleAt }) => lastSampleAt! > during.lastSampleAt!, 'another sample');
    const ended = await daemon.end();
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^homeostat: \d+ samples could not be stored: [^\n]*\n$/);
  });

  test('where /proc hides the processes of others, it says so, with a remedy, and coverage is red', async (t) => {
    if (!isRoot)
      throw new Error('this test mounts /proc with hidepid and becomes another user: run it as root');
    const folder = ownFolder(t);
    for (const name of ['data', 'home']) {
      mkdirSync(join(folder, name), { recursive: true });
      chownSync(join(folder, name), NOBODY, NOBODY);
    }
    const nobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs'];
    const hidden = inOwnMounts('mount -t proc -o hidepid=invisible proc /proc', join(folder, 'data'));
    const daemon = await Daemon.start(t, folder, { prefix: [...hidden, ...nobody] });
    const { coverage } = await daemon.until(
      (status) =>
        status.coverage.collectors.some(({ collector, runs }) => collector === 'processes' && runs > 0),
      'the first scan',
    );
    assert.equal(coverage.healthy, false);
    const spot = coverage.collectors.find(({ collector }) => collector === 'processes')!.blind[0];
    assert.deepEqual([spot?.what, spot?.severe], ['processes of other users', true]);
    assert.match(spot!.why, /^\/proc is mounted with hidepid=/);
    assert.match(spot!.remedy!, /run Homeostat as root/);
    const { stdout } = await homeostat(folder, ['status', '--data', 'data']);
    assert.match(stdout, /^Coverage +BLIND in part/m);
    assert.match(stdout, /processes cannot see processes of other users: \/proc is mounted with hidepid/);
    assert.equal((await daemon.end()).code, 0);
  });
});
