import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PublishRequest, PublishResponse } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { ManualTimers } from '../../test/support/manual-timers.ts';
import { ManualClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { Random } from '../lib/random.ts';
import { ANSWER_WITHIN_MS, BACK_WITHIN_MS } from '../model/publish.ts';
import type { QueueEntry } from './queue.ts';
import { type LinkEvents, Sender } from './sender.ts';

const OK = 1;
const RETRY = 2;

/** A hub that says only what a test tells it to say. */
class ScriptedHub {
  readonly batches: { readonly sequence: number; readonly events: readonly string[] }[] = [];
  readonly streams: { finished: boolean; cut: boolean }[] = [];
  refusesStreams = false;
  #events: LinkEvents | undefined;

  open(events: LinkEvents) {
    if (this.refusesStreams) throw new Error('refused');
    const stream = { finished: false, cut: false };
    this.streams.push(stream);
    this.batches.length = 0;
    this.#events = events;
    return {
      send: (bytes: Uint8Array) => {
        const { sequence, events: sent } = PublishRequest.decode(bytes);
        this.batches.push({ sequence: Number(sequence), events: sent.map((event) => event.idempotencyKey) });
      },
      finish: () => {
        stream.finished = true;
      },
      cut: () => {
        stream.cut = true;
      },
    };
  }

  grant(credit: number): void {
    this.answer({ sequence: 0n, status: OK, credit });
  }

  answer(answer: Partial<PublishResponse>): void {
    this.#events!.answered(PublishResponse.fromPartial(answer));
  }

  /** Answers OK, and grants again what the batch used up. */
  take(sequence: number, more: Partial<PublishResponse> = {}): void {
    const credit = this.batches.find((batch) => batch.sequence === sequence)!.events.length;
    this.answer({ sequence: BigInt(sequence), status: OK, credit, ...more });
  }

  end(why = 'gone'): void {
    this.#events!.ended(why);
  }
}

/** A queue in memory whose events are their keys. */
class MemoryQueue {
  acknowledgedTo = 0;
  committedTo = 0;
  readonly #entries: QueueEntry[] = [];

  add(count: number): void {
    for (let event = 0; event < count; event++) {
      const id = ++this.committedTo;
      const key = `e${id}`;
      // idempotency_key is field 3.
      this.#entries.push({ id, bytes: Buffer.concat([Buffer.from([0x1a, key.length]), Buffer.from(key)]) });
    }
  }

  read(after: number, events: number): readonly QueueEntry[] {
    return this.#entries.filter(({ id }) => id > after).slice(0, events);
  }

  acknowledge(id: number): void {
    this.acknowledgedTo = id;
  }
}

function setUp(events = 0, seed = 1) {
  const clock = new ManualClock(1_795_000_000_000);
  const timers = new ManualTimers(clock);
  const hub = new ScriptedHub();
  const queue = new MemoryQueue();
  queue.add(events);
  const random = new Random(seed);
  let begun = 0;
  const sender = new Sender({
    ...{ clock, timers, queue, log: silentLog, random: () => random.next() },
    open: (handlers) => hub.open(handlers),
    onBegin: () => {
      begun++;
    },
  });
  sender.start();
  return { clock, timers, hub, queue, sender, begun: () => begun };
}

const sizes = (hub: ScriptedHub): number[] => hub.batches.map(({ events }) => events.length);
const firsts = (hub: ScriptedHub): (string | undefined)[] => hub.batches.map(({ events }) => events[0]);

describe('a sender', () => {
  it('sends nothing before it was granted something, then one batch until the hub has taken one', () => {
    const { hub, sender, begun } = setUp(3000);
    assert.equal(sender.status().state, 'connecting');
    assert.deepEqual(sizes(hub), []);
    hub.grant(5000);
    assert.deepEqual([sender.status().state, begun()], ['connected', 1]);
    assert.deepEqual(sizes(hub), [500]);
    hub.take(1);
    assert.deepEqual(sizes(hub), [500, 500, 500, 500, 500, 500]);
  });

  it('never sends more than it was granted', () => {
    const { hub } = setUp(3000);
    hub.grant(700);
    hub.take(1);
    assert.deepEqual(sizes(hub), [500, 500, 200]);
    hub.answer({ sequence: 2n, status: OK, credit: 0 });
    assert.deepEqual(sizes(hub), [500, 500, 200]);
    hub.answer({ sequence: 3n, status: OK, credit: 1 });
    assert.deepEqual(sizes(hub), [500, 500, 200, 1]);
  });

  it('drains in order, each event once, numbers its batches from 1 on, and acknowledges as it is answered', () => {
    const { hub, queue, sender } = setUp(20_000);
    hub.grant(5000);
    for (let sequence = 1; sequence <= 40; sequence++) {
      hub.take(sequence);
      assert.equal(queue.acknowledgedTo, sequence * 500);
    }
    assert.deepEqual(
      hub.batches.map(({ sequence }) => sequence),
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
    assert.deepEqual(
      hub.batches.flatMap(({ events }) => events),
      Array.from({ length: 20_000 }, (_, index) => `e${index + 1}`),
    );
    assert.equal(sender.status().sent.events, 20_000);
  });

  it('sends a refused batch and all after it again, in order, when the hint is over', async () => {
    const { hub, queue, timers } = setUp(2500);
    hub.grant(5000);
    hub.take(1);
    assert.deepEqual(firsts(hub), ['e1', 'e501', 'e1001', 'e1501', 'e2001']);
    hub.take(2, { status: RETRY, reason: 'the log is full', backoffHintMs: 5000 });
    hub.take(3);
    hub.take(4, { status: RETRY, backoffHintMs: 5000 });
    hub.take(5);
    assert.equal(queue.acknowledgedTo, 500, 'what was kept behind the refused one does not count');
    await timers.advance(4990);
    assert.equal(hub.batches.length, 5, 'nothing before the hint is over');
    await timers.advance(600);
    assert.deepEqual(firsts(hub).slice(5), ['e501'], 'then one batch, to see whether it is taken');
    assert.equal(hub.batches.at(-1)!.sequence, 6);
    hub.take(6);
    assert.deepEqual(firsts(hub).slice(6), ['e1001', 'e1501', 'e2001']);
    for (const sequence of [7, 8, 9]) hub.take(sequence);
    assert.equal(queue.acknowledgedTo, 2500);
  });

  it('says why it waits while the hub refuses, and no more when it is taken again', async () => {
    const { hub, sender, timers } = setUp(10);
    hub.grant(5000);
    hub.take(1, { status: RETRY, reason: 'the disk is full', backoffHintMs: 1000 });
    assert.match(sender.status().problem ?? '', /the hub asks to wait: the disk is full/);
    assert.ok(sender.status().nextTryAt! >= 1_795_000_001_000);
    await timers.advance(2000);
    hub.take(2);
    assert.deepEqual([sender.status().problem, sender.status().nextTryAt], [undefined, undefined]);
  });

  it('asks a hub that goes on refusing with one batch, and ever more rarely', async () => {
    const { hub, queue, sender, timers } = setUp(5000);
    hub.grant(5000);
    let asked = 0;
    for (let second = 0; second < 600; second++) {
      if (hub.batches.length > asked) {
        asked++;
        hub.take(asked, { status: RETRY, reason: 'full', backoffHintMs: 1000 });
      }
      await timers.advance(1000);
      sender.pump();
    }
    assert.equal(hub.batches.length, asked, 'one at a time');
    assert.ok(asked >= 8 && asked <= 16, `${asked} in ten minutes`);
    assert.deepEqual([sender.status().breaker === 'closed', hub.streams.length], [false, 1]);
    while (queue.acknowledgedTo === 0) {
      if (hub.batches.length > asked) hub.take(++asked);
      await timers.advance(1000);
    }
    assert.equal(sender.status().breaker, 'closed');
    assert.ok(hub.batches.length > asked + 1, 'and then all that may be on the way');
  });

  it('never sends again what is rejected, and counts it with its reason', () => {
    const { hub, queue, sender } = setUp(10);
    hub.grant(5000);
    hub.take(1, { rejections: [{ index: 3, reason: 'too large' }] });
    assert.equal(queue.acknowledgedTo, 10);
    const { sent, rejected, lastRejection } = sender.status();
    assert.deepEqual([sent.events, rejected, lastRejection], [9, 1, 'too large']);
  });

  it('sends on the next stream what had no answer on the one before', async () => {
    const { hub, queue, sender, timers, begun } = setUp(1500);
    hub.grant(5000);
    hub.take(1);
    hub.end('connection reset');
    assert.equal(sender.status().state, 'waiting');
    assert.equal(sender.status().problem, 'connection reset');
    await timers.advance(500);
    assert.equal(hub.streams.length, 2);
    hub.grant(5000);
    assert.deepEqual(firsts(hub), ['e501']);
    assert.equal(hub.batches[0]!.sequence, 1);
    hub.take(1);
    hub.take(2);
    assert.deepEqual([queue.acknowledgedTo, begun()], [1500, 2]);
  });

  it('gives up a hub that grants nothing', async () => {
    const { hub, sender, timers } = setUp(1);
    await timers.advance(15_000);
    assert.ok(hub.streams[0]!.cut);
    assert.match(sender.status().problem ?? '', /not answered within 15 s/);
  });

  it('gives up a hub that answers what was not asked', () => {
    const { hub, sender } = setUp(10);
    hub.grant(5000);
    hub.answer({ sequence: 7n, status: OK });
    assert.match(sender.status().problem ?? '', /answered batch 7 where 1 was due/);
    assert.ok(hub.streams[0]!.cut);
  });

  it('tries ever more rarely, opens its breaker, and finds a hub that comes back after days', async () => {
    const { hub, queue, sender, timers } = setUp(100);
    hub.refusesStreams = true;
    hub.end();
    const { since } = sender.status();
    await timers.advance(10 * 60_000);
    assert.deepEqual([sender.status().breaker, sender.status().since], ['open', since]);
    const before = timers.pending;
    await timers.advance(3 * 86_400_000);
    assert.equal(timers.pending, before, 'it does not gather timers');
    hub.refusesStreams = false;
    for (let second = 0; hub.streams.length < 2 && second < 90; second++) await timers.advance(1000);
    assert.equal(sender.status().breaker, 'half-open');
    hub.grant(5000);
    hub.take(1);
    assert.equal(sender.status().breaker, 'closed');
    assert.equal(queue.acknowledgedTo, 100);
  });

  it('is back soon after a short time without its hub, and after a long one as soon as it says', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { hub, timers } = setUp(100, seed);
      const outages = [
        { awayMs: 20_000, backWithinMs: 30_000 },
        { awayMs: 3_600_000, backWithinMs: BACK_WITHIN_MS - ANSWER_WITHIN_MS },
      ];
      for (const { awayMs, backWithinMs } of outages) {
        const streams = hub.streams.length;
        hub.refusesStreams = true;
        hub.end();
        await timers.advance(awayMs);
        hub.refusesStreams = false;
        let waited = 0;
        for (; hub.streams.length === streams; waited += 1000) await timers.advance(1000);
        assert.ok(waited <= backWithinMs, `${waited} ms after ${awayMs}`);
        hub.grant(5000);
      }
    }
  });

  it('has tried at most as often as its breaker allows', async () => {
    const { hub, timers } = setUp(1);
    let tries = 0;
    hub.open = () => {
      tries++;
      throw new Error('refused');
    };
    hub.end();
    await timers.advance(3_600_000);
    assert.ok(tries >= 40 && tries <= 65, `${tries} tries in an hour`);
  });

  it('ends a stream after its last answer when the credentials are renewed, and begins another at once', async () => {
    const { hub, queue, sender, timers } = setUp(500);
    hub.grant(5000);
    sender.renew();
    assert.ok(hub.streams[0]!.finished && !hub.streams[0]!.cut);
    queue.add(500);
    sender.pump();
    assert.equal(hub.batches.length, 1, 'nothing new on the old stream');
    hub.take(1);
    hub.end('the hub ended the stream');
    await timers.advance(0);
    assert.equal(hub.streams.length, 2);
    assert.equal(sender.status().breaker, 'closed');
    hub.grant(5000);
    assert.deepEqual(firsts(hub), ['e501']);
  });

  it('tries at once with renewed credentials, however long it would have waited', async () => {
    const { hub, queue, sender, timers } = setUp(5);
    hub.refusesStreams = true;
    hub.end('certificate expired');
    await timers.advance(600_000);
    assert.equal(sender.status().breaker, 'open');
    hub.refusesStreams = false;
    sender.renew();
    hub.grant(5000);
    hub.take(1);
    assert.deepEqual([queue.acknowledgedTo, sender.status().breaker], [5, 'closed']);
    await timers.advance(600_000);
    assert.equal(hub.streams.length, 2, 'the try that was due before is called off');
  });

  it('waits at a stop until all is acknowledged, and no longer than it may', async () => {
    const { hub, sender, timers } = setUp(10);
    hub.grant(5000);
    const stopped = sender.stop(1500);
    await timers.advance(200);
    assert.ok(!hub.streams[0]!.cut);
    hub.take(1);
    await timers.advance(20);
    await stopped;
    assert.ok(hub.streams[0]!.cut);

    const silent = setUp(10);
    silent.hub.grant(5000);
    const ended = silent.sender.stop(1500);
    await silent.timers.advance(1500);
    await ended;
    assert.ok(silent.hub.streams[0]!.cut);
    await silent.timers.advance(86_400_000);
    assert.equal(silent.hub.streams.length, 1, 'it does not come back');
  });
});
