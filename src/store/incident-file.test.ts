import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../lib/clock.ts';
import { Random } from '../lib/random.ts';
import type { Incident } from '../model/incident.ts';
import { IncidentFile, openIncidents } from './incident-file.ts';

const BEGIN = 1_790_000_000_000;
const DAY = 86_400_000;
const KEY = 'system.cpu.utilization{cpu.mode=user}';

interface Memory {
  readonly note: string;
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-incidents-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const open = (folder: string, capBytes = 2 ** 24): IncidentFile<Memory> =>
  new IncidentFile({ folder, clock: new ManualClock(BEGIN), bounds: { capBytes, keepMs: 30 * DAY } });

const incident = (id: string, parts: Partial<Incident> = {}): Incident => ({
  ...{ schema: 1, id, host: 'web', state: 'open', severity: 'LOW', provisional: false, kind: 'machine' },
  ...{ cause: 'cpu', sentence: '', since: BEGIN, openedAt: BEGIN, updatedAt: BEGIN, returns: 0 },
  ...{ flapping: false, signals: [], metrics: [], culprits: [], decisions: [] },
  ...parts,
});

const ids = (incidents: readonly Incident[]): string[] => incidents.map(({ id }) => id);

test('incidents are found by period, host, state and how their id begins, also by another reader', (t) => {
  const folder = folderOf(t);
  const file = open(folder);
  const memory = { note: 'a' };
  const over = { state: 'closed', closedAt: BEGIN + 10 } as const;
  file.keep({ incident: incident('aa1', over), memory });
  file.keep({ incident: incident('aa2', { since: BEGIN + 100 }), memory });
  file.keep({ incident: incident('b', { since: BEGIN + 200, host: 'db' }), memory });
  file.flush();
  const reader = openIncidents(folder)!;
  for (const archive of [file.archive, reader]) {
    assert.deepEqual(ids(archive.list({})), ['b', 'aa2', 'aa1']);
    assert.deepEqual(ids(archive.list({ isOpen: true })), ['b', 'aa2']);
    assert.deepEqual(ids(archive.list({ from: BEGIN + 11 })), ['b', 'aa2']);
    assert.deepEqual(ids(archive.list({ to: BEGIN + 100 })), ['aa1']);
    assert.deepEqual(ids(archive.list({ host: 'web', limit: 1 })), ['aa2']);
    assert.deepEqual(ids(archive.named('aa')), ['aa1', 'aa2']);
    assert.deepEqual(ids(archive.named('b')), ['b']);
    assert.deepEqual([...archive.named(''), ...archive.named('%')], []);
  }
  reader.close();
  file.close();
  assert.equal(statSync(join(folder, 'incidents.db')).mode & 0o777, 0o600);
});

test('what waits for a disk that is full is seen as it is now', (t) => {
  const file = open(folderOf(t));
  const memory = { note: '' };
  file.keep({ incident: incident('a1'), memory });
  file.keep({ incident: incident('b'), memory });
  file.flush();
  const over = incident('a1', { state: 'closed', closedAt: BEGIN + 10 });
  file.keep({ incident: over, memory });
  file.keep({ incident: incident('a2', { since: BEGIN + 20, host: 'db' }), memory });
  const { archive } = file;
  assert.deepEqual(ids(archive.list({})), ['a2', 'a1', 'b']);
  assert.deepEqual(ids(archive.list({ isOpen: true })), ['a2', 'b']);
  assert.deepEqual(ids(archive.list({ host: 'web', limit: 1 })), ['a1']);
  assert.deepEqual(ids(archive.list({ from: BEGIN + 11, to: BEGIN + 20 })), ['b']);
  assert.deepEqual(
    [archive.named('a1'), ids(archive.named('a')), archive.named('')],
    [[over], ['a1', 'a2'], []],
  );
  assert.deepEqual([...archive.evidence('a1', new Set([KEY])).series], []);
  file.close();
});

test('what was open or closed lately is handed to the next run with its memory', (t) => {
  const folder = folderOf(t);
  const file = open(folder);
  file.keep({ incident: incident('a'), memory: { note: 'open' } });
  file.keep({ incident: incident('b', { state: 'closed', closedAt: BEGIN }), memory: { note: 'old' } });
  file.close();
  const next = open(folder);
  assert.deepEqual(next.left(BEGIN + 1), [{ incident: incident('a'), memory: { note: 'open' } }]);
  next.close();
});

test('evidence comes back as it was measured, in the order of time, of the series that are asked for', (t) => {
  const file = open(folderOf(t));
  const at = (from: number) => Float64Array.of(from, from + 1000);
  const frame = (metric: string, from: number, value: number) => ({
    ...{ metric, at: at(from), value: Float64Array.of(value, value) },
  });
  const second = { from: BEGIN + 2000, to: BEGIN + 4000 };
  file.keepMetrics('a', second, [frame(KEY, BEGIN + 2000, 0.5), frame('unknown', BEGIN + 3000, 7)]);
  file.keepMetrics('a', { from: BEGIN, to: BEGIN + 2000 }, [frame(KEY, BEGIN, 0.25)]);
  file.keepScans('a', second, [{ at: BEGIN, processes: [] }]);
  const evidence = file.archive.evidence('a', new Set([KEY]));
  assert.deepEqual(evidence.series, [KEY, 'unknown']);
  assert.deepEqual(
    evidence.frames.map(({ metric }) => metric),
    [KEY],
  );
  assert.deepEqual(
    [...evidence.frames[0]!.at],
    [0, 1000, 2000, 3000].map((ms) => BEGIN + ms),
  );
  assert.deepEqual([...evidence.frames[0]!.value], [0.25, 0.25, 0.5, 0.5]);
  assert.deepEqual(evidence.scans, [{ at: BEGIN, processes: [] }]);
  const [unknown] = file.archive.evidence('a', new Set(['unknown'])).frames;
  assert.deepEqual([...unknown!.at], [...at(BEGIN + 3000)]);
  assert.deepEqual(file.recorded('a'), { to: BEGIN + 4000, totalMs: 4000 });
  assert.equal(file.recorded('b'), undefined);
  file.close();
});

test('beyond its bound the oldest evidence goes, counted, and the incidents stay', (t) => {
  const file = open(folderOf(t), 2 ** 20);
  const random = new Random(1);
  const at = Float64Array.from({ length: 3000 }, (_, index) => BEGIN + index * 1000);
  for (let number = 0; number < 40; number++) {
    const id = `incident ${number}`;
    file.keep({
      incident: incident(id, { state: 'closed', closedAt: BEGIN + number }),
      memory: { note: '' },
    });
    file.flush();
    const frames = Array.from({ length: 10 }, (_, index) => ({
      metric: index === 0 ? KEY : `${index}`,
      ...{ at, value: at.map(() => random.next()) },
    }));
    file.keepMetrics(id, { from: BEGIN, to: BEGIN + 3_000_000 }, frames);
  }
  assert.equal(file.archive.list({}).length, 40);
  assert.equal(file.archive.evidence('incident 0', new Set([KEY])).frames.length, 0);
  assert.equal(file.archive.evidence('incident 39', new Set([KEY])).frames.length, 1);
  const [loss] = file.losses();
  assert.equal(loss?.what, 'evidence dropped by the disk cap');
  assert.ok(loss.count >= 10 && loss.count < 40, `${loss.count}`);
  file.close();
});

test('what is over is forgotten with its evidence after its time, what is open never', (t) => {
  const file = open(folderOf(t));
  const at = Float64Array.of(BEGIN);
  for (const [id, parts] of [
    ['open', {}],
    ['old', { state: 'closed', closedAt: BEGIN + DAY }],
    ['young', { state: 'closed', closedAt: BEGIN + 2 * DAY }],
  ] as const) {
    file.keep({ incident: incident(id, parts), memory: { note: '' } });
    file.keepMetrics(id, { from: BEGIN, to: BEGIN + 1 }, [{ metric: KEY, at, value: at }]);
  }
  file.flush();
  file.forget(BEGIN + 31 * DAY + 1);
  assert.deepEqual(ids(file.archive.list({})).sort(), ['open', 'young']);
  assert.equal(file.archive.evidence('old', new Set([KEY])).series.length, 0);
  assert.equal(file.archive.evidence('open', new Set([KEY])).series.length, 1);
  file.close();
});

test('a signal is found by its id, also in a file of a version that kept no list of them, until its incident is forgotten', (t) => {
  const folder = folderOf(t);
  const file = open(folder);
  const one = { kind: 'machine', severity: 'LOW', since: BEGIN, raisedAt: BEGIN, sentence: '' } as const;
  const signals = ['s1', 's2'].map((id) => ({ ...one, id }));
  file.keep({
    incident: incident('a', { state: 'closed', closedAt: BEGIN, signals }),
    memory: { note: 'a' },
  });
  file.flush();
  assert.deepEqual(
    ['s1', 's2', 's'].map((id) => file.holds(id)),
    [true, true, false],
  );
  file.close();
  const db = new DatabaseSync(join(folder, 'incidents.db'));
  const plan = db.prepare('EXPLAIN QUERY PLAN SELECT incident FROM signal WHERE id = ?').all('s1');
  assert.match(String(plan[0]?.detail), /^SEARCH signal USING PRIMARY KEY/);
  db.exec('DROP TABLE signal');
  db.close();
  const next = open(folder);
  assert.deepEqual(
    ['s1', 's2', 's'].map((id) => next.holds(id)),
    [true, true, false],
  );
  next.forget(BEGIN + 31 * DAY);
  assert.equal(next.holds('s1'), false);
  next.close();
});
