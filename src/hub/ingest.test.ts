import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Event } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { AgentSays } from '../../test/support/agent-events.ts';
import type { Place } from '../fleet/fleet.ts';
import type { Cursor } from '../fleet/fleet-file.ts';
import { ManualClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { Log } from '../wal/log.ts';
import { Ingest } from './ingest.ts';

const BEGIN = 1_790_000_000_000;

class Bench {
  readonly clock = new ManualClock(BEGIN);
  readonly path: string;
  /** What was applied: `host at`. */
  applied: string[] = [];
  readonly warnings: string[] = [];
  cursor: Cursor | undefined;
  /** Throws so many times. */
  failures = 0;
  /** How many events were applied at once, and how long each takes, ms. */
  sizes: number[] = [];
  costMs = 0;
  readonly #t: TestContext;
  readonly #says = new AgentSays('any');
  #log: Log;

  constructor(t: TestContext) {
    this.#t = t;
    const folder = mkdtempSync(join(tmpdir(), 'homeostat-ingest-'));
    t.after(() => rmSync(folder, { recursive: true }));
    this.path = join(folder, 'wal.db');
    this.#log = new Log({ path: this.path, clock: this.clock });
  }

  async append(source: string, count: number, kind = 'homeostat.v1.Event'): Promise<void> {
    for (let left = count; left > 0; left--) {
      this.clock.advance(1000);
      const event = this.#says.metrics(this.clock.now(), {});
      const bytes = Event.encode(event).finish();
      await this.#log.append({ key: event.idempotencyKey, timestampNs: event.tsNs, kind, source, bytes });
    }
  }

  /** Another log in the place of this one. */
  empty(): void {
    this.#log.close();
    for (const end of ['', '-wal', '-shm']) rmSync(`${this.path}${end}`, { force: true });
    this.#log = new Log({ path: this.path, clock: this.clock });
  }

  /** Applies all that is in the log, as a hub that starts. */
  async run(): Promise<Ingest> {
    this.applied = [];
    let read: Place | undefined;
    const ingest = new Ingest({
      path: this.path,
      isBusy: () => false,
      isHost: (name) => name !== 'client',
      log: { ...silentLog, warn: (message) => this.warnings.push(message) },
      fleet: {
        cursor: () => this.cursor,
        take: (events, place) => {
          if (this.failures-- > 0) throw new Error('the disk is full');
          for (const { host, event } of events) this.applied.push(`${host} ${(event.at - BEGIN) / 1000}`);
          this.sizes.push(events.length);
          for (const end = performance.now() + this.costMs * events.length; performance.now() < end; );
          read = place;
        },
      },
    });
    ingest.start();
    this.#t.after(() => ingest.stop());
    while (!ingest.caughtUp) await setTimeout(5);
    if (read) this.cursor = { ...read, clean: true };
    return ingest;
  }
}

test('events are applied in their order, from where it was; what is of no agent is passed over', async (t) => {
  const bench = new Bench(t);
  await bench.append('web', 2);
  await bench.append('client', 1, 'messaging.UniversalEnvelope');
  await bench.append('../etc', 1);
  await bench.append('client', 1);
  await bench.append('db', 1);
  const first = await bench.run();
  assert.deepEqual(bench.applied, ['web 1', 'web 2', 'db 6']);
  assert.deepEqual([first.applied, first.unreadable], [6, 2]);
  await bench.append('web', 1);
  await bench.run();
  assert.deepEqual(bench.applied, ['web 7']);
});

test('after an end without notice what may not be safe is applied again', async (t) => {
  const bench = new Bench(t);
  await bench.append('web', 400);
  await bench.run();
  bench.cursor = { ...bench.cursor!, clean: false };
  await bench.run();
  assert.equal(bench.applied[0], 'web 220');
  assert.equal(bench.applied.at(-1), 'web 400');
});

test('a log that was emptied is read from its beginning, however long it is', async (t) => {
  for (const count of [2, 8]) {
    const bench = new Bench(t);
    await bench.append('web', 4);
    await bench.run();
    bench.empty();
    await bench.append('web', count);
    await bench.run();
    assert.equal(bench.applied.length, count);
  }
});

test('what could not be applied is tried again, and told once', async (t) => {
  const bench = new Bench(t);
  await bench.append('web', 3);
  bench.failures = 2;
  await bench.run();
  assert.deepEqual(bench.applied, ['web 1', 'web 2', 'web 3']);
  assert.deepEqual(bench.warnings, ['events cannot be applied to the hosts: the disk is full']);
});

test('events that take long to apply are applied a few at a time: whoever waits for an answer waits for all of them', async (t) => {
  const bench = new Bench(t);
  await bench.append('web', 250);
  bench.costMs = 3;
  await bench.run();
  assert.equal(bench.applied.length, 250);
  assert.ok(
    bench.sizes.slice(2).every((size) => size <= 16),
    `${bench.sizes}`,
  );
});
