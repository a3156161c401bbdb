import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ManualClock } from '../lib/clock.ts';
import { UserError } from '../lib/errors.ts';
import { series } from '../model/metric.ts';
import { openStore, type Store } from './store.ts';

const START = Date.UTC(2026, 2, 1, 9, 0, 0);
const SERIES = Array.from({ length: 200 }, (_, index) =>
  series('system.network.io', { device: `eth${index}` }),
);
const root = process.getuid?.() === 0;

let seed = 5;
function noise(): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return seed >> 4;
}

function live(store: Store, clock: ManualClock, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000);
    store.append({ at: clock.now(), metrics: SERIES.map((one) => ({ series: one, value: noise() })) });
    store.maintain(5);
  }
}

const samples = (store: Store): number =>
  store
    .query({ metrics: SERIES.map(({ key }) => key), from: 0, to: START * 2, resolution: 1 })
    .frames.reduce((sum, { at }) => sum + at.length, 0);

/** A folder whose disk can be made to refuse writes, and to take them again. */
interface Disk {
  readonly name: string;
  readonly problem: RegExp;
  readonly make: () => { folder: string; refuse(): void; take(): void; remove(): void };
}

function mountSmall(options: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-disk-'));
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'homeostat-test', folder]);
  assert.equal(status, 0, `a test disk cannot be mounted: ${stderr}`);
  return folder;
}

function unmount(folder: string): void {
  spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
}

const full: Disk = {
  name: 'a full disk',
  problem: /the disk is full/,
  make: () => {
    const folder = mountSmall('size=4m');
    const ballast = join(folder, 'ballast');
    return {
      folder,
      refuse: () => {
        assert.throws(() => writeFileSync(ballast, Buffer.alloc(8 << 20)), /ENOSPC/);
      },
      take: () => rmSync(ballast),
      remove: () => unmount(folder),
    };
  },
};

const locked: Disk = {
  name: 'a database that another program has locked',
  problem: /could not be written: .*locked/,
  make: () => {
    const folder = mkdtempSync(join(tmpdir(), 'homeostat-disk-'));
    let other: DatabaseSync | undefined;
    return {
      folder,
      refuse: () => {
        other = new DatabaseSync(join(folder, 'history.db'));
        other.exec('BEGIN IMMEDIATE');
      },
      take: () => other?.close(),
      remove: () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

// Only root can mount a disk that is small enough to be filled; the lock refuses writes for everybody.
for (const { name, problem, make } of root ? [full, locked] : [locked]) {
  test(`${name}: sampling goes on, the latest data is kept and shown, and stored when the disk takes it again`, () => {
    const disk = make();
    const clock = new ManualClock(START);
    const told: string[] = [];
    const log = { warn: (text: string) => told.push(text), info: (text: string) => told.push(text) };
    const store = openStore({ folder: disk.folder, clock, log });
    try {
      live(store, clock, 30);
      disk.refuse();
      live(store, clock, 20);
      assert.match(store.stats().problem ?? '', problem);
      assert.equal(samples(store), 50 * 200);
      disk.take();
      live(store, clock, 60);
      assert.equal(store.stats().problem, undefined);
      assert.equal(samples(store), 110 * 200);
      assert.deepEqual(store.losses(), []);
      assert.equal(told.length, 2, 'said once when it began, once when it ended');
      assert.match(told[0]!, problem);
      assert.match(told[1]!, /takes data again/);
    } finally {
      store.close();
      disk.remove();
    }
  });
}

test('a disk that stays full: memory is bounded, the oldest is given up, every sample of it is counted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-disk-'));
  const clock = new ManualClock(START);
  // The cap is the file's limit too: without chunks to drop, SQLite answers as it does on a full disk.
  const store = openStore({ folder, clock, capBytes: 200_000 });
  try {
    live(store, clock, 3600);
    assert.match(store.stats().problem ?? '', /the disk is full/);
    const [loss, ...others] = store.losses();
    assert.deepEqual(others, []);
    assert.equal(loss?.what, 'samples not stored');
    assert.equal(loss?.why, 'the disk is full');
    assert.equal(samples(store) + loss!.count, 3600 * 200);
    assert.ok(samples(store) > 600 * 200, 'the last ten minutes at least are there');
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a folder that cannot be written is refused at the start, with the remedy', () => {
  const folder = root ? mountSmall('size=64k,ro') : mkdtempSync(join(tmpdir(), 'homeostat-disk-'));
  if (!root) chmodSync(folder, 0o500);
  try {
    assert.throws(
      () => openStore({ folder, clock: new ManualClock(START) }),
      (error) => {
        assert.ok(error instanceof UserError);
        assert.match(
          error.message,
          /cannot open .*history\.lock \(.*\): make the folder readable and writable/,
        );
        return true;
      },
    );
  } finally {
    unmount(folder);
  }
});
