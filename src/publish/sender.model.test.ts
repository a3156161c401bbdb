import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PublishRequest, PublishResponse } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { ManualTimers } from '../../test/support/manual-timers.ts';
import { ManualClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { Random } from '../lib/random.ts';
import type { QueueEntry } from './queue.ts';
import { type Link, type LinkEvents, Sender } from './sender.ts';

const CREDIT = 1200;

/** A hub as the wire describes it: a log that keeps each key once, credit that is held to, answers in their order. */
class ModelHub {
  readonly log = new Set<string>();
  broken: string | undefined;
  #stream: LinkEvents | undefined;
  #waiting: { readonly sequence: bigint; readonly keys: readonly string[] }[] = [];
  #credit = 0;
  #sequence = 0n;

  open(events: LinkEvents, reachable: boolean): Link {
    if (!reachable) throw new Error('unreachable');
    this.#stream = events;
    this.#waiting = [];
    this.#credit = 0;
    this.#sequence = 0n;
    return { send: (bytes) => this.#take(bytes), finish: () => {}, cut: () => {} };
  }

  /** The first answer of a stream. */
  grant(): void {
    if (!this.#stream || this.#credit > 0 || this.#sequence > 0n) return;
    this.#credit = CREDIT;
    this.#stream.answered(PublishResponse.fromPartial({ status: 1, credit: CREDIT }));
  }

  /** Answers the oldest batch that waits for it. */
  answer(kept: boolean): void {
    const batch = this.#waiting.shift();
    if (!batch) return;
    if (kept) for (const key of batch.keys) this.log.add(key);
    this.#credit += batch.keys.length;
    const { sequence, keys } = batch;
    this.#stream!.answered(
      PublishResponse.fromPartial({
        sequence,
        status: kept ? 1 : 2,
        credit: keys.length,
        backoffHintMs: 100,
      }),
    );
  }

  /** It dies; what it had not answered may be on disk all the same. */
  die(keeps: boolean): void {
    if (keeps) for (const { keys } of this.#waiting) for (const key of keys) this.log.add(key);
    this.#waiting = [];
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.ended('died');
  }

  #take(bytes: Uint8Array): void {
    const { sequence, events } = PublishRequest.decode(bytes);
    if (sequence !== this.#sequence + 1n) this.broken = `${sequence} came after ${this.#sequence}`;
    this.#sequence = sequence;
    this.#credit -= events.length;
    if (this.#credit < 0) this.broken = `${-this.#credit} more than granted`;
    this.#waiting.push({ sequence, keys: events.map((event) => event.idempotencyKey) });
  }
}

class MemoryQueue {
  acknowledgedTo = 0;
  committedTo = 0;
  readonly #entries: QueueEntry[] = [];

  add(count: number): void {
    for (let event = 0; event < count; event++) {
      const key = `e${++this.committedTo}`;
      const bytes = Buffer.concat([Buffer.from([0x1a, key.length]), Buffer.from(key)]);
      this.#entries.push({ id: this.committedTo, bytes });
    }
  }

  read(after: number, events: number): readonly QueueEntry[] {
    return this.#entries.slice(after, after + events);
  }

  acknowledge(id: number): void {
    assert.ok(id >= this.acknowledgedTo, 'acknowledged in order');
    this.acknowledgedTo = id;
  }
}

const STEP = fc.oneof(
  fc.record({ what: fc.constant('add' as const), count: fc.integer({ min: 1, max: 900 }) }),
  fc.record({ what: fc.constant('pass' as const), count: fc.integer({ min: 1, max: 40_000 }) }),
  fc.record({
    what: fc.constantFrom('grant', 'keep', 'keep', 'keep', 'refuse', 'die', 'die and keep', 'renew'),
    count: fc.constant(1),
  }),
);

test('whatever a hub does, what is acknowledged is in its log, and in the end everything is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 80 }), fc.nat(), async (steps, seed) => {
      const clock = new ManualClock(1_795_000_000_000);
      const timers = new ManualTimers(clock);
      const random = new Random(seed);
      const hub = new ModelHub();
      const queue = new MemoryQueue();
      const sender = new Sender({
        ...{ clock, timers, queue, log: silentLog, random: () => random.next(), onBegin: () => {} },
        open: (events) => hub.open(events, random.next() < 0.8),
      });
      const check = (): void => {
        assert.equal(hub.broken, undefined);
        for (let id = 1; id <= queue.acknowledgedTo; id++) assert.ok(hub.log.has(`e${id}`), `e${id}`);
      };
      const does = {
        add: (count: number) => {
          queue.add(count);
          sender.pump();
        },
        grant: () => hub.grant(),
        keep: () => hub.answer(true),
        refuse: () => hub.answer(false),
        die: () => hub.die(false),
        'die and keep': () => hub.die(true),
        renew: () => sender.renew(),
      };
      sender.start();
      for (const { what, count } of steps) {
        if (what === 'pass') await timers.advance(count);
        else does[what](count);
        check();
      }
      // From now on the hub does what it should.
      for (let round = 0; queue.acknowledgedTo < queue.committedTo && round < 500; round++) {
        hub.grant();
        for (let batch = 0; batch < 10; batch++) hub.answer(true);
        await timers.advance(1000);
        sender.pump();
      }
      check();
      assert.equal(queue.acknowledgedTo, queue.committedTo);
    }),
    { numRuns: 150, seed: 4 },
  );
});
