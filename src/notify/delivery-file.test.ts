import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { notice, SINCE } from '../../test/support/notices.ts';
import { UserError } from '../lib/errors.ts';
import { type DeliveryEntry, DeliveryFile, type Pending } from './delivery-file.ts';

const pending = (id: string): Pending => ({
  ...{ channel: 'hook', notice: notice('opened', { id }), queuedAt: SINCE, tries: 0, notBefore: 0 },
});

const entry = (incident: string, at = SINCE): DeliveryEntry => ({
  ...{ at, channel: 'hook', outcome: 'sent', incident, what: 'opened', host: 'web-1', severity: 'HIGH' },
  ...{ sentence: 'x'.repeat(300), tries: 1, durationMs: 12 },
});

function ownFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-deliveries-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A disk that can be made to take nothing, and to take it again. */
interface Disk {
  readonly name: string;
  readonly problem: RegExp;
  readonly make: (t: TestContext) => { readonly path: string; refuse(): void; take(): void };
}

const full: Disk = {
  name: 'a full disk',
  problem: /full/,
  make: (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'homeostat-disk-'));
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'homeostat-test', folder]);
    assert.equal(status, 0, 'a test disk cannot be mounted');
    t.after(() => {
      spawnSync('umount', [folder]);
      rmSync(folder, { recursive: true, force: true });
    });
    const ballast = join(folder, 'ballast');
    return {
      path: join(folder, 'notify.db'),
      refuse: () => assert.throws(() => writeFileSync(ballast, Buffer.alloc(2 << 20)), /ENOSPC/),
      take: () => rmSync(ballast),
    };
  },
};

const locked: Disk = {
  name: 'a file that another program has locked',
  problem: /locked/,
  make: (t) => {
    const path = join(ownFolder(t), 'notify.db');
    let other: DatabaseSync | undefined;
    return {
      path,
      refuse: () => {
        other = new DatabaseSync(path);
        other.exec('BEGIN IMMEDIATE');
      },
      take: () => other?.close(),
    };
  },
};

// Only root can mount a disk that is small enough to be filled; the lock refuses writes for everybody.
for (const { name, problem, make } of process.getuid?.() === 0 ? [full, locked] : [locked])
  test(`${name}: nothing is lost, and all is written when it takes it again`, (t) => {
    const disk = make(t);
    const file = new DeliveryFile(disk.path);
    file.save({ put: [pending('a'), pending('b')] });
    disk.refuse();
    // Until a page more is needed there may still be room.
    for (let n = 0; n < 20; n++) file.save({ drop: [pending('a')], log: [entry(`n${n}`)] });
    file.save({ put: [pending('c')] });
    assert.match(file.problem ?? '', problem);
    disk.take();
    file.save({ log: [entry('last')] });
    assert.equal(file.problem, undefined);
    assert.equal(file.lost, 0);
    file.close();
    const again = new DeliveryFile(disk.path);
    assert.deepEqual(
      again.pending().map(({ notice: { incident } }) => incident.id),
      ['b', 'c'],
    );
    assert.equal(JSON.stringify(again.pending()[0]?.notice), JSON.stringify(pending('b').notice));
    assert.equal(again.entries(100).length, 21);
    again.close();
  });

test('a disk that takes nothing for long: memory is bounded, and what was given up is counted', (t) => {
  const path = join(ownFolder(t), 'notify.db');
  const file = new DeliveryFile(path, 3);
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  for (let n = 0; n < 5; n++) file.save({ log: [entry(`n${n}`)] });
  assert.equal(file.lost, 2);
  other.close();
  file.save({ log: [entry('last')] });
  assert.deepEqual(
    file.entries(10).map(({ incident }) => incident),
    ['last', 'n4', 'n3'],
  );
  file.close();
});

test('the log and what channels know are bounded', (t) => {
  const file = new DeliveryFile(join(ownFolder(t), 'notify.db'));
  const log = Array.from({ length: 2500 }, (_, n) => entry(`n${n}`, SINCE + n));
  file.save({ log });
  assert.equal(file.entries(9999).length, 2000);
  assert.equal(file.entries(1)[0]?.incident, 'n2499');
  assert.deepEqual(file.sentSince('hook', SINCE + 2498), [SINCE + 2498, SINCE + 2499]);
  const told = Array.from({ length: 2500 }, (_, n) => ({
    ...{ channel: 'hook', incident: `n${n}`, toldAt: SINCE + n, isOpen: n < 10 },
  }));
  file.save({ told });
  const kept = file.told();
  assert.ok(kept.length <= 2011 && kept.filter(({ isOpen }) => isOpen).length === 10, `${kept.length}`);
  file.close();
});

test('a file that is none, or from a newer version, is named with what to do', (t) => {
  const folder = ownFolder(t);
  const [newer, none] = [join(folder, 'newer.db'), join(folder, 'none.db')];
  const db = new DatabaseSync(newer);
  db.exec('PRAGMA user_version = 99');
  db.close();
  writeFileSync(none, 'no database at all, but text '.repeat(50));
  for (const path of [newer, none])
    assert.throws(
      () => new DeliveryFile(path),
      (error) => error instanceof UserError && error.message.startsWith(path),
    );
});
