import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RotatingFile } from './rotating-file.ts';

test('lines move to numbered files at the bound and the oldest file is dropped', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'a.log');
  const file = new RotatingFile({ path, maxBytes: 20, keep: 2 });
  for (let line = 1; line <= 7; line++) assert.ok(file.write(`line ${line} xx`));
  file.close();
  assert.deepEqual(readdirSync(folder).sort(), ['a.log', 'a.log.1', 'a.log.2']);
  assert.equal(readFileSync(path, 'utf8'), 'line 7 xx\n');
  assert.equal(readFileSync(`${path}.2`, 'utf8'), 'line 3 xx\nline 4 xx\n');
  assert.equal(statSync(path).mode & 0o777, 0o640);
});

test('a file that was there is continued', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'a.log');
  for (const line of ['one', 'two']) {
    const file = new RotatingFile({ path });
    file.write(line, true);
    file.close();
  }
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
});

test('a full disk makes write say no and throws nothing', () => {
  const file = new RotatingFile({ path: '/dev/full' });
  assert.equal(file.write('lost'), false);
  file.close();
});
