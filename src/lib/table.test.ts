import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Column, csv, jsonLines } from './table.ts';

const TEXT: readonly Column[] = [{ name: 'text', type: 'text' }];
const ALL: readonly Column[] = [
  { name: 'time', type: 'time' },
  { name: 'text', type: 'text' },
  { name: 'number', type: 'number' },
  { name: 'nano', type: 'integer' },
  { name: 'args', type: 'json' },
];
const ROW = [0, 'a, "b"', -0.5, 2n ** 63n, '["-x","y"]'];

test('a row is one line of each format', () => {
  assert.equal(
    jsonLines(ALL).row(ROW),
    '{"time":"1970-01-01T00:00:00.000Z","text":"a, \\"b\\"","number":-0.5,"nano":"9223372036854775808","args":["-x","y"]}\n',
  );
  assert.equal(csv(ALL).header, 'time,text,number,nano,args\r\n');
  assert.equal(
    csv(ALL).row(ROW),
    '1970-01-01T00:00:00.000Z,"a, ""b""",-0.5,9223372036854775808,"[""-x"",""y""]"\r\n',
  );
});

test('what is not known is null or nothing, and never a zero', () => {
  const none = [undefined, undefined, Number.NaN, undefined, undefined];
  assert.equal(csv(ALL).row(none), ',,,,\r\n');
  assert.deepEqual(Object.values(JSON.parse(jsonLines(ALL).row(none))), [null, null, null, null, null]);
});

test('a text is no formula and no command to a terminal in CSV', () => {
  const cell = (text: string): string => csv(TEXT).row([text]).slice(0, -2);
  assert.equal(cell('=cmd|calc!A1'), "'=cmd|calc!A1");
  for (const first of ['+', '-', '@', '\t', "'", '\uff1d']) assert.equal(cell(`${first}1`), `'${first}1`);
  assert.equal(cell('\r1'), '"\'\r1"');
  assert.equal(cell('\x1b[31mred'), '\\x1b[31mred');
  assert.equal(cell('a\nb'), '"a\nb"');
  assert.equal(cell('a-b=c'), 'a-b=c');
});

/** A reader of RFC 4180 that was not made from the writer: a state for each character. */
function parse(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quoted && character === '"' && text[at + 1] === '"') cell += text[at++];
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === ',') {
      row.push(cell);
      cell = '';
    } else if (!quoted && character === '\r' && text[at + 1] === '\n') {
      rows.push([...row, cell]);
      row = [];
      cell = '';
      at++;
    } else cell += character;
  }
  return rows;
}

test('any texts come back from CSV as they were, but for control characters', () => {
  const columns: readonly Column[] = ['a', 'b', 'c'].map((name) => ({ name, type: 'text' }));
  const text = fc.string({ unit: fc.constantFrom(...'ab,"\r\n\t\'=+-@; é') }).filter((one) => one !== '');
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text, text), { maxLength: 5 }), (rows) => {
      const { header, row } = csv(columns);
      const [names, ...read] = parse(header + rows.map(row).join(''));
      assert.deepEqual(names, ['a', 'b', 'c']);
      const plain = read.map((cells) => cells.map((one) => one.replace(/^'/, '')));
      assert.deepEqual(plain, rows);
    }),
  );
});

test('any text comes back from JSON exactly', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.deepEqual(JSON.parse(jsonLines(TEXT).row([text])), { text });
    }),
  );
});
