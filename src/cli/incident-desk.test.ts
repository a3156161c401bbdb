import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import * as v from 'valibot';
import { feedbackOf } from '../alert/incidents/feedback.ts';
import { changeFeedback } from '../alert/incidents/feedback-file.ts';
import { incidentsSchema } from '../alert/incidents/settings.ts';
import { wallClock } from '../alert/incidents/windows.ts';
import { ManualClock } from '../lib/clock.ts';
import type { Incident, Notice, Signal } from '../model/incident.ts';
import { openIncidents } from '../store/incident-file.ts';
import { IncidentDesk } from './incident-desk.ts';

const BEGIN = 1_790_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

class Bench {
  readonly clock = new ManualClock(BEGIN);
  readonly notices: string[] = [];
  onNotice: (notice: Notice) => void = () => {};
  readonly folder: string;
  desk: IncidentDesk;

  constructor(t: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), 'homeostat-desk-'));
    t.after(() => rmSync(this.folder, { recursive: true, force: true }));
    this.desk = this.#open();
    t.after(() => this.desk.close());
  }

  #open(): IncidentDesk {
    return new IncidentDesk({
      ...{ folder: this.folder, clock: this.clock, settings: v.parse(incidentsSchema, {}) },
      ...{ history: () => undefined, trust: { trusted: () => true }, log: { warn: assert.fail } },
      notify: () => (notice) => {
        this.notices.push(`${notice.what} ${notice.incident.host}`);
        this.onNotice(notice);
      },
    });
  }

  restart(): void {
    this.desk.close();
    this.desk = this.#open();
  }

  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 1000) {
      this.clock.advance(1000);
      this.desk.look();
    }
  }

  signal(raisedAt: number, closedAt?: number): Signal {
    return {
      ...{
        id: 'a',
        host: 'web',
        kind: 'machine',
        severity: 'LOW',
        provisional: false,
        since: raisedAt,
        raisedAt,
      },
      ...{ metrics: [], culprits: [], sentence: '', state: closedAt === undefined ? 'open' : 'closed' },
      ...(closedAt !== undefined && { closedAt }),
    };
  }

  /** Of a program that no other one names. */
  distinct(id: string, host = 'web'): Signal {
    const program = { id, pid: 1, name: id, executable: `/usr/bin/${id}`, commandLine: id };
    const culprit = { ...program, parent: undefined, containerId: undefined, share: 0.9, evidence: '' };
    return { ...this.signal(this.clock.now()), id, host, culprits: [culprit] };
  }

  flood(from: number, to: number): void {
    for (let n = from; n < to; n++) this.desk.signal(this.distinct(`p${n}`));
  }

  /** How many there are for another reader. */
  onDisk(id?: string): number {
    const reader = openIncidents(this.folder)!;
    const { length } = id === undefined ? reader.list({}) : reader.named(id);
    reader.close();
    return length;
  }

  get all(): readonly Incident[] {
    return this.desk.archive.list({});
  }
}

test('what a host tells hours later is told where it is still open, and kept alone where it is over', (t) => {
  const open = new Bench(t);
  open.desk.signal(open.signal(BEGIN - HOUR));
  open.pass(10_000);
  assert.deepEqual(open.notices, []);
  open.pass(10_000);
  assert.deepEqual(open.notices, ['opened web']);
  const over = new Bench(t);
  over.desk.signal(over.signal(BEGIN - HOUR));
  over.desk.signal(over.signal(BEGIN - HOUR, BEGIN - MINUTE));
  over.pass(10 * MINUTE);
  assert.deepEqual([over.notices, over.all.map(({ state }) => state)], [[], ['closed']]);
});

test('a rise is told at once, however long it lasts by then', (t) => {
  const bench = new Bench(t);
  bench.desk.signal(bench.signal(BEGIN));
  bench.pass(30 * MINUTE);
  bench.desk.signal({ ...bench.signal(BEGIN), severity: 'HIGH' });
  assert.deepEqual(bench.notices, ['opened web', 'risen web']);
});

test('an incident goes on after a restart, and is told its end once', (t) => {
  const bench = new Bench(t);
  bench.desk.signal(bench.signal(BEGIN));
  bench.restart();
  bench.desk.signal(bench.signal(BEGIN, BEGIN + 1000));
  bench.pass(10 * MINUTE);
  bench.restart();
  bench.pass(MINUTE);
  assert.deepEqual(bench.notices, ['opened web', 'closed web']);
  assert.equal(bench.all.length, 1);
});

test('what people and channels say reaches an incident that is long over', (t) => {
  const bench = new Bench(t);
  bench.desk.signal(bench.signal(BEGIN));
  bench.desk.signal(bench.signal(BEGIN, BEGIN + 1000));
  bench.pass(2 * HOUR);
  const [incident] = bench.all;
  bench.desk.signal(bench.signal(BEGIN, BEGIN + 1000));
  assert.deepEqual(bench.all, [incident], 'told again, it is the same one');
  bench.desk.told(incident!.id, { at: BEGIN, what: 'closed', told: true, why: 'told by mail' });
  const said = feedbackOf(incident!, { verdict: 'confirmed', at: BEGIN }, wallClock('UTC'));
  changeFeedback(bench.folder, () => [said]);
  bench.pass(1000);
  const [after] = bench.all;
  assert.deepEqual([after?.decisions.at(-1)?.why, after?.verdict], ['told by mail', 'confirmed']);
});

test('of a flood the first is on disk at once, the others are written together, and none is told before it is written', (t) => {
  const bench = new Bench(t);
  const unwritten: string[] = [];
  bench.onNotice = ({ incident: { id } }) => {
    if (bench.onDisk(id) === 0) unwritten.push(id);
  };
  bench.flood(0, 1);
  assert.deepEqual([bench.onDisk(), bench.notices.length], [1, 1]);
  bench.flood(1, 50);
  assert.deepEqual([bench.onDisk(), bench.notices.length], [1, 1]);
  bench.pass(1000);
  assert.deepEqual([bench.onDisk(), bench.notices.length, unwritten], [50, 50, []]);
  bench.flood(50, 52);
  bench.restart();
  assert.deepEqual([bench.onDisk(), bench.notices.length, unwritten], [52, 52, []]);
});

test('one host is heard so often and no more, what is refused is counted, and others are heard', (t) => {
  const bench = new Bench(t);
  bench.flood(0, 150);
  bench.desk.signal(bench.distinct('other', 'db'));
  bench.desk.signal({ ...bench.distinct('p1'), state: 'closed', closedAt: BEGIN });
  bench.pass(10_000);
  bench.flood(150, 170);
  bench.pass(1000);
  assert.equal(bench.all.filter(({ host }) => host === 'web').length, 130);
  assert.deepEqual(
    bench.desk.refused('web').map(({ what, count }) => [what, count]),
    [['signals refused', 40]],
  );
  assert.deepEqual([bench.desk.refused('db'), bench.desk.losses().length], [[], 1]);
});

test('of one host so many incidents are open and no more, and it says so', (t) => {
  const bench = new Bench(t);
  for (let n = 0; n < 210; n++) {
    bench.flood(n, n + 1);
    bench.pass(1000);
  }
  assert.equal(bench.desk.open().length, 200);
  const [loss] = bench.desk.refused('web');
  assert.deepEqual([loss?.why, loss?.count], ['200 of its host are open', 10]);
});
