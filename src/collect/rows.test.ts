import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LabelledValues } from './labels.ts';
import { Rows } from './rows.ts';

function pass(rows: Rows<{ name: string }>, names: readonly string[]): { kept: unknown[]; changed: boolean } {
  const kept = names.map((name) => rows.next(Buffer.from(name), 0, Buffer.byteLength(name)));
  return { kept, changed: rows.end() };
}

test('a row keeps what belongs to it when rows come, go and move', () => {
  const rows = new Rows((name) => ({ name }));
  const first = pass(rows, ['sda', 'sdb']);
  assert.ok(first.changed);
  assert.ok(!pass(rows, ['sda', 'sdb']).changed);
  const inserted = pass(rows, ['nvme0', 'sda', 'sdb']);
  assert.ok(inserted.changed);
  assert.equal(inserted.kept[1], first.kept[0]);
  assert.equal(inserted.kept[2], first.kept[1]);
  const removed = pass(rows, ['sdb']);
  assert.equal(removed.kept[0], first.kept[1]);
});

test('a row that was away begins anew', () => {
  const rows = new Rows((name) => ({ name }));
  const before = pass(rows, ['eth0', 'wlan0']).kept[1];
  pass(rows, ['eth0']);
  assert.notEqual(pass(rows, ['eth0', 'wlan0']).kept[1], before);
});

test('whatever the order, each name has its own', () => {
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'dd', 'ddd', 'e'));
  fc.assert(
    fc.property(fc.array(names), (passes) => {
      const rows = new Rows((name) => ({ name }));
      for (const each of passes)
        assert.deepEqual(
          pass(rows, each).kept,
          each.map((name) => ({ name })),
        );
    }),
    { seed: 1 },
  );
});

test('labelled values are found again when lines moved, and missing ones are no numbers', () => {
  const values = new LabelledValues(['b ', 'd ']);
  const read = (text: string): number[] => {
    values.read(Buffer.from(`${text}\0`));
    return [...values.values];
  };
  assert.deepEqual(read('a 1\nb 2\nc 3\nd   4\n'), [2, 4]);
  assert.deepEqual(read('b 5\nc 6\nd 7\n'), [5, 7]);
  assert.deepEqual(read('b 5\n'), [5, Number.NaN]);
  assert.deepEqual(read('b 5\nd 8\n'), [5, 8], 'a line that was cut off once is looked for again');
});
