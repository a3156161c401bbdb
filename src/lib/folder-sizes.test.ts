import assert from 'node:assert/strict';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderSizes } from './folder-sizes.ts';

const BOUNDS = { milliseconds: 10_000, entries: 10_000, folders: 100 };

test('folders with all below them, hard links once, no links followed, and broken off at the bound', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'homeostat-folders-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'a', 'deep'), { recursive: true });
  mkdirSync(join(root, "b 'x\n"));
  writeFileSync(join(root, 'a', 'deep', 'big'), Buffer.alloc(1 << 20, 1));
  linkSync(join(root, 'a', 'deep', 'big'), join(root, "b 'x\n", 'same'));
  symlinkSync('/', join(root, 'everything'));
  const { sizes, isPartial, entries, denied } = folderSizes(root, BOUNDS);
  assert.deepEqual([isPartial, entries, denied], [false, 6, 0]);
  const big = [join(root, 'a', 'deep'), join(root, "b 'x\n")].map((path) => sizes[path]!);
  assert.equal(big.filter((bytes) => bytes >= 1 << 20).length, 1, 'the file counts once');
  assert.ok(sizes[root]! >= 1 << 20 && sizes[root]! < 2 << 20);
  assert.equal(folderSizes(root, { ...BOUNDS, entries: 3 }).isPartial, true);
  assert.equal(Object.keys(folderSizes(root, { ...BOUNDS, folders: 1 }).sizes).length, 1);
});
