import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListedProcess } from '../src/model/process.ts';
import { groupBy, treeOf } from './process-groups.ts';

const process = (pid: number, ppid: number, more: Partial<ListedProcess> = {}): ListedProcess => ({
  id: `boot-${pid}-1`,
  pid,
  ppid,
  name: `p${pid}`,
  executable: `/usr/bin/p${pid}`,
  invokedAs: undefined,
  args: [],
  startedAt: 0,
  uid: 0,
  gid: 0,
  cgroup: undefined,
  containerId: undefined,
  ...more,
});

test('a tree has each process once, below its parent, siblings as they were given', () => {
  const rows = treeOf([process(40, 9), process(1, 0), process(9, 1), process(5, 1), process(41, 9)]);
  assert.deepEqual(
    rows.map(({ process: { pid }, depth }) => [pid, depth]),
    [
      [1, 0],
      [9, 1],
      [40, 2],
      [41, 2],
      [5, 1],
    ],
  );
});

test('a circle of parents, which two moments can make, loses nobody', () => {
  const rows = treeOf([process(2, 3), process(3, 2), process(4, 4)]);
  assert.deepEqual(rows.map(({ process: { pid } }) => pid).sort(), [2, 3, 4]);
});

test('a deep tree is no deep recursion', () => {
  const chain = Array.from({ length: 20_000 }, (_, index) => process(index + 1, index));
  assert.equal(treeOf(chain).at(-1)!.depth, 19_999);
});

test('groups add up what could be seen, and do not call nothing zero', () => {
  const groups = groupBy('user', [
    process(1, 0, { uid: 7, cpu: 0.5, rss: 100 }),
    process(2, 0, { uid: 7, cpu: 0.25 }),
    process(3, 0, { uid: undefined }),
  ]);
  const told = groups.map(({ name, count, cpu, rss, threads }) => [name, count, cpu, rss, threads]);
  assert.deepEqual(told, [
    ['uid 7', 2, 0.75, 100, undefined],
    ['user not visible', 1, undefined, undefined, undefined],
  ]);
});

test('a hostile path is shown harmlessly, and kernel threads are one group', () => {
  const names = groupBy('executable', [
    process(1, 0, { executable: '/tmp/\u202egpj.exe' }),
    process(3, 2, { executable: undefined }),
    process(4, 2, { executable: undefined }),
  ]).map(({ name, count }) => [name, count]);
  assert.deepEqual(names, [
    ['/tmp/\\u202egpj.exe', 1],
    ['kernel threads', 2],
  ]);
});
