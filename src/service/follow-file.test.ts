import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RotatingFile } from '../lib/rotating-file.ts';
import { FollowedFile } from './follow-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'homeostat-follow-'));
after(() => rmSync(folder, { recursive: true }));

test('the last lines, then what comes, a line only when it is whole', () => {
  const path = join(folder, 'a.log');
  writeFileSync(path, 'one\ntwo\nthree\nhal');
  const file = new FollowedFile(path);
  assert.deepEqual(file.last(2), ['two', 'three']);
  assert.deepEqual(file.next(), []);
  appendFileSync(path, 'f ü');
  assert.deepEqual(file.next(), []);
  appendFileSync(path, '\nnext\n');
  assert.deepEqual(file.next(), ['half ü', 'next']);
  file.close();
});

test('of a long file only the end is read', () => {
  const path = join(folder, 'long.log');
  writeFileSync(path, Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join(''));
  const file = new FollowedFile(path);
  assert.deepEqual(file.last(3), ['line 49997', 'line 49998', 'line 49999']);
  file.close();
});

test('nothing is lost when the file is rotated', () => {
  const path = join(folder, 'rotated.log');
  const log = new RotatingFile({ path, maxBytes: 64, keep: 9 });
  const file = new FollowedFile(path);
  const read = file.last(9);
  for (let index = 0; index < 40; index++) {
    log.write(`line ${String(index).padStart(3, '0')}`);
    read.push(...file.next());
  }
  assert.deepEqual(
    read,
    Array.from({ length: 40 }, (_, index) => `line ${String(index).padStart(3, '0')}`),
  );
  file.close();
  log.close();
});

test('a file that is away for a moment is waited for', () => {
  const path = join(folder, 'away.log');
  writeFileSync(path, 'one\n');
  const file = new FollowedFile(path);
  file.last(1);
  appendFileSync(path, 'two\n');
  renameSync(path, `${path}.1`);
  assert.deepEqual(file.next(), ['two']);
  writeFileSync(path, 'three\n');
  assert.deepEqual(file.next(), ['three']);
  file.close();
});
