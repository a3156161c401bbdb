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
import type { Incident, Signal } from '../model/incident.ts';
import { IncidentDesk } from './incident-desk.ts';

const BEGIN = 1_790_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

class Bench {
  readonly clock = new ManualClock(BEGIN);
  readonly notices: string[] = [];
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
      notify: () => (notice) => this.notices.push(`${notice.what} ${notice.incident.host}`),
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
