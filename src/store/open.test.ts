import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { ManualClock } from '../lib/clock.ts';
import { UserError } from '../lib/errors.ts';
import { series } from '../model/metric.ts';
import { openHistory, openStore, type Store } from './store.ts';

const LOAD = series('system.linux.cpu.load_1m');

let folder: string;
let clock: ManualClock;
let store: Store;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'homeostat-store-'));
  clock = new ManualClock(Date.UTC(2026, 2, 1));
  store = open();
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (): Store => openStore({ folder, clock });

function live(seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000);
    store.append({ at: clock.now(), metrics: [{ series: LOAD, value: second }] });
  }
  store.flush();
}

const samples = (): number =>
  store.query({ metrics: [LOAD.key], from: 0, to: clock.now() + 1, resolution: 1 }).frames[0]!.at.length;

test('the files are readable by their owner alone, the log too', () => {
  live(10);
  for (const file of ['history.db', 'history.db-wal', 'history.lock', 'history.pid']) {
    assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  }
  store.close();
  chmodSync(join(folder, 'history.db'), 0o644);
  store = open();
  assert.equal(statSync(join(folder, 'history.db')).mode & 0o777, 0o600);
});

test('a second daemon is refused, and told who has the history', () => {
  assert.throws(
    () => open(),
    (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(
        error.message,
        `the history in ${folder} is in use by another Homeostat (pid ${process.pid}): stop that one, or choose another data folder`,
      );
      return true;
    },
  );
  live(10);
  assert.equal(samples(), 10, 'the first one goes on');
});

const digest = (): string =>
  createHash('sha256')
    .update(readFileSync(join(folder, 'history.db')))
    .digest('hex');

test('a history of a newer version is refused by both doors, and not one byte of it changes', () => {
  live(10);
  store.close();
  const db = new DatabaseSync(join(folder, 'history.db'));
  db.exec("UPDATE meta SET value = 7 WHERE key = 'schema'");
  db.close();
  const before = digest();
  const newer =
    /history\.db was written by a newer Homeostat \(format 7, this one reads up to 1\): update Homeostat/;
  assert.throws(() => open(), newer);
  assert.throws(() => openHistory(folder), newer);
  assert.equal(digest(), before);
  rmSync(join(folder, 'history.db'));
  store = open();
});

test('a damaged history is refused with the remedy, and left for whoever can mend it', () => {
  store.close();
  for (const [what, bytes] of [
    ['text', Buffer.from('this is no database at all, however long the text may be\n'.repeat(200))],
    [
      'noise behind a right head',
      Buffer.concat([readFileSync(join(folder, 'history.db')).subarray(0, 100), Buffer.alloc(8192, 7)]),
    ],
  ] as const) {
    writeFileSync(join(folder, 'history.db'), bytes);
    assert.throws(() => open(), /history\.db is damaged or is no history.*move it away/, what);
    assert.throws(() => openHistory(folder), /move it away/, what);
    assert.deepEqual(readFileSync(join(folder, 'history.db')), bytes);
  }
  rmSync(join(folder, 'history.db'));
  store = open();
});

test("another program's database is refused", () => {
  store.close();
  rmSync(join(folder, 'history.db'));
  const db = new DatabaseSync(join(folder, 'history.db'));
  db.exec('CREATE TABLE bookmarks (url TEXT)');
  db.close();
  assert.throws(() => open(), /no history of Homeostat/);
  rmSync(join(folder, 'history.db'));
  store = open();
});

test('a start that was cut off before it wrote anything is no obstacle', () => {
  store.close();
  writeFileSync(join(folder, 'history.db'), '');
  store = open();
  live(10);
  assert.equal(samples(), 10);
});

test('there is no history to read where there never was one', () => {
  assert.throws(
    () => openHistory(join(folder, 'nothing')),
    /there is no history in .*nothing: start Homeostat/,
  );
});
