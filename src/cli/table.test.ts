import assert from 'node:assert/strict';
import { test } from 'node:test';
import { table } from './table.ts';

const rows = [
  { name: 'short', size: '1' },
  { name: 'a name that is much too long for this', size: '1000' },
  { name: 'evil\x1b[2J\u202e', size: '7' },
];
const columns = [
  { title: 'NAME', value: (row: { name: string }) => row.name, flexible: true },
  { title: 'SIZE', value: (row: { size: string }) => row.size, align: 'right' as const },
];

test('columns are aligned and the flexible one gives way to the width', () => {
  const lines = table(columns, rows, 24).split('\n');
  assert.deepEqual(lines.slice(0, 3), [
    'NAME                SIZE',
    'short                  1',
    'a name that is mu…  1000',
  ]);
  assert.ok(lines.every((line) => line.length <= 24));
});

test('terminal escapes and direction marks in names are shown, not obeyed', () => {
  assert.match(table(columns, rows, 80), /evil\\x1b\[2J\\u202e/);
});
