import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RotatingFile } from '../lib/rotating-file.ts';
import { createLog } from './log.ts';

const folder = mkdtempSync(join(tmpdir(), 'homeostat-log-'));
after(() => rmSync(folder, { recursive: true }));

/** What a process may call itself: a line of its own, colours, a cleared screen, text that runs backwards, a hidden character. */
const HOSTILE = 'x\n{"level":"error","msg":"forged"}\r\x1b[31m\x1b[2J\u009b5m\u202egpj.exe\u200b\u2028end"\\';
const CONTROLS = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

test('a name cannot forge a line, move the terminal or turn the text around', () => {
  const path = join(folder, 'hostile.log');
  const log = createLog(new RotatingFile({ path }), 'info', assert.fail);
  log.warn(`${HOSTILE} uses much`, { name: HOSTILE, [HOSTILE]: [{ inner: HOSTILE }] });
  const text = readFileSync(path, 'utf8');
  assert.equal(text.split('\n').length, 2);
  assert.doesNotMatch(text, CONTROLS);
  const entry = JSON.parse(text) as Record<string, unknown>;
  assert.equal(entry.level, 'warn');
  assert.equal(entry.name, HOSTILE);
  assert.match(String(entry.msg), /^x\\x0a\{"level":"error"/);
});

test('a line has its level and time, and only what is of the level or above is written, as it is set', () => {
  const path = join(folder, 'level.log');
  const log = createLog(new RotatingFile({ path }), 'info', assert.fail);
  log.debug('one');
  log.info('two', { pid: 5 });
  log.setLevel('debug');
  log.debug('three');
  log.setLevel('error');
  log.warn('four');
  const entries = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { time: string });
  assert.deepEqual(
    entries.map(({ time: _, ...entry }) => entry),
    [
      { level: 'info', pid: 5, msg: 'two' },
      { level: 'debug', msg: 'three' },
    ],
  );
  assert.ok(entries.every(({ time }) => new Date(time).toISOString() === time));
  assert.equal(statSync(path).mode & 0o777, 0o640 & ~process.umask());
});
