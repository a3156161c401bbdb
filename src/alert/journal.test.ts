import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Anomaly, BrokenMetric, Culprit } from '../model/anomaly.ts';
import { AnomalyJournal } from './journal.ts';

/** Required: the compiler sees to it that no field is left out here, and the test that none is left out in the docs. */
const METRIC: Required<BrokenMetric> = {
  metric: 'system.cpu.utilization{cpu.mode=user}',
  unit: '1',
  observed: 0.97,
  expectedLow: 0.01,
  expectedHigh: 0.06,
  share: 0.8,
};
const CULPRIT: Required<Culprit> = {
  id: 'boot-4711-1',
  pid: 4711,
  name: 'xmrig',
  executable: '/tmp/xmrig',
  commandLine: 'xmrig -o pool',
  parent: { pid: 4700, name: 'bash' },
  containerId: 'abc',
  group: { count: 2, pids: [4711, 4712] },
  share: 0.96,
  evidence: 'CPU 0 % -> 198 % of a core',
};
const ANOMALY: Required<Anomaly> = {
  schema: 1,
  id: '0123456789abcdef',
  host: 'host',
  state: 'closed',
  kind: 'machine',
  finding: 'growth',
  severity: 'HIGH',
  provisional: false,
  since: 1,
  raisedAt: 2,
  closedAt: 3,
  score: 7,
  returnPeriodSeconds: 1e6,
  metrics: [METRIC],
  culprits: [CULPRIT],
  sentence: 'CPU user time is 97 %.',
};

let folder: string;
let path: string;
const now = (): number => 42;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'homeostat-journal-'));
  path = join(folder, 'anomalies.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lines = (file = path): unknown[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

test('each anomaly is one line, in a file that others cannot read', () => {
  const journal = new AnomalyJournal({ path, now });
  assert.equal(journal.write({ ...ANOMALY, sentence: 'two\nlines' }), true);
  assert.equal(journal.write(ANOMALY), true);
  journal.close();
  assert.deepEqual(lines(), [{ ...ANOMALY, sentence: 'two\nlines' }, ANOMALY]);
  assert.equal(statSync(path).mode & 0o777 & ~0o640, 0);
  assert.deepEqual(journal.losses(), []);
});

test('it is rotated by size and every line survives in one of the files', () => {
  const size = JSON.stringify(ANOMALY).length;
  const journal = new AnomalyJournal({ path, now, maxBytes: 2.5 * size, keep: 2 });
  for (let index = 0; index < 5; index++) journal.write({ ...ANOMALY, since: index });
  journal.close();
  const since = [`${path}.2`, `${path}.1`, path]
    .flatMap((file) => lines(file))
    .map((line) => (line as Anomaly).since);
  assert.deepEqual(since, [0, 1, 2, 3, 4]);
});

test('a line that a crash cut short does not spoil the next one', () => {
  writeFileSync(path, '{"schema":1,"id":"cut');
  const journal = new AnomalyJournal({ path, now });
  journal.write(ANOMALY);
  journal.write(ANOMALY);
  journal.close();
  assert.deepEqual(
    readFileSync(path, 'utf8')
      .split('\n')
      .slice(1, 3)
      .map((line) => JSON.parse(line)),
    [ANOMALY, ANOMALY],
  );
});

test('a full disk is a loss that is counted, not an error', () => {
  const journal = new AnomalyJournal({ path: '/dev/full', now });
  assert.equal(journal.write(ANOMALY), false);
  assert.equal(journal.write(ANOMALY), false);
  const [loss] = journal.losses();
  assert.equal(loss?.what, 'events not logged');
  assert.equal(loss.count, 2);
  assert.equal(loss.lastAt, 42);
  assert.match(loss.why, /\/dev\/full/);
  journal.close();
});

test('a folder that is missing is a loss until it is there', () => {
  const later = join(folder, 'later', 'anomalies.json');
  const journal = new AnomalyJournal({ path: later, now });
  assert.equal(journal.write(ANOMALY), false);
  assert.match(journal.losses()[0]!.why, /ENOENT/);
  mkdirSync(join(folder, 'later'));
  assert.equal(journal.write(ANOMALY), true);
  assert.equal(journal.losses()[0]?.count, 1);
  journal.close();
});

/** Backquoted words of the first column of the table below a heading. */
function documented(markdown: string, heading: string): string[] {
  const section = markdown.split(/^## /m).find((part) => part.startsWith(heading));
  assert.ok(section, heading);
  return [...section.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]!);
}

test('the documentation and the type name the same fields', () => {
  const markdown = readFileSync(new URL('../../docs/anomalies.md', import.meta.url), 'utf8');
  const cases: [string, object][] = [
    ['The anomaly', ANOMALY],
    ['Each of `metrics`', METRIC],
    ['Each of `culprits`', CULPRIT],
  ];
  for (const [heading, sample] of cases)
    assert.deepEqual(documented(markdown, heading).sort(), Object.keys(sample).sort());
});

test('what processes call themselves stands in the file as escapes, and is read back as it was', () => {
  const name = 'x\n\x1b[2J\u009b5m\u202egpj.exe\u2028';
  const journal = new AnomalyJournal({ path, now });
  journal.write({ ...ANOMALY, sentence: name, culprits: [{ ...CULPRIT, name, commandLine: name }] });
  journal.close();
  assert.doesNotMatch(readFileSync(path, 'utf8'), /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/);
  const [read] = lines() as [Anomaly];
  assert.deepEqual([read.sentence, read.culprits[0]?.name], [name, name]);
});
