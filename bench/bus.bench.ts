/**
 * The bus over mutual TLS, all on disk before its answer, the hub in a process of its own: unary publishes of clients of
 * others, and a stream of batches as agents send them. Beside each, in the same run, the floor: the same rows into the log
 * without a network.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { PublishResponse_Status } from '../proto/generated/homeostat/v1/telemetry.ts';
import { systemClock } from '../src/lib/clock.ts';
import { Log } from '../src/wal/log.ts';
import { batchOf, Publisher, StreamPublisher } from '../test/support/bus.ts';
import { enrolHosts, HubProcess } from '../test/support/hub.ts';
import { note, report } from './report.ts';

const bench = 'bus';
const PROCESSES = 615;
const IN_FLIGHT = 128;
const EVENTS = 20_000;
const MEGABYTE = 1e6;

const folder = mkdtempSync(join(tmpdir(), 'homeostat-bench-'));
const data = join(folder, 'data');

/** Calls `work` for each number below `count`, so many at once. */
async function each(count: number, atOnce: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function publish(client: Publisher, key: string): Promise<void> {
  const answer = await client.publish(key);
  if (answer !== 'OK') throw new Error(`${key} was answered ${answer}`);
}

const rssOf = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/** Sends the batches, `atOnce` without their answer at the most and one each `everyMs`; the time of each to its answer, ms. */
async function stream(client: StreamPublisher, batches: readonly Buffer[], atOnce: number, everyMs = 0) {
  const began = performance.now();
  const times: number[] = [];
  let sent = 0;
  const one = async (): Promise<void> => {
    while (sent < batches.length) {
      const wait = began + sent * everyMs - performance.now();
      if (wait > 0) {
        // Who waits for the same moment goes round again: a batch has its turn when it is sent.
        await setTimeout(wait);
        continue;
      }
      const number = sent++;
      const at = performance.now();
      client.send(batches[number]!);
      const { status, reason } = await client.next();
      if (status !== PublishResponse_Status.STATUS_OK) throw new Error(`batch ${number}: ${reason}`);
      times.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return times.sort((a, b) => a - b);
}

function makeBatches(name: string, count: number, size: number, first = 1): Buffer[] {
  return Array.from({ length: count }, (_, batch) =>
    batchOf(
      batch + first,
      Array.from({ length: size }, (_, event) => `host-1f0c9e2a-4711-${name}-${batch}-${event}`),
    ),
  );
}

/** Batches of 500 as fast as they go, then batches of 100 at 10,000 events a second. */
async function batches(hub: HubProcess): Promise<{ perSecond: number; p99: number }> {
  const client = new StreamPublisher(hub.address, folder, 'bench');
  await client.next();
  const warm = makeBatches('warm', 20, 500);
  await stream(client, warm, 8);
  const fast = makeBatches('fast', 300, 500, 21);
  const began = performance.now();
  await stream(client, fast, 8);
  const perSecond = (fast.length * 500) / ((performance.now() - began) / 1000);
  const times = await stream(client, makeBatches('even', 500, 100, 321), 40, 10);
  client.close();
  return { perSecond, p99: times[Math.floor(times.length * 0.99)]! };
}

/** The same rows in the same batches into a log of this process. */
async function batchFloor(): Promise<number> {
  const log = new Log({ path: join(folder, 'batch-floor.db'), clock: systemClock });
  const bytes = Buffer.alloc(batchOf(1, ['host-1f0c9e2a-4711-floor-100-100']).length);
  const began = performance.now();
  await each(300, 8, async (batch) => {
    await log.appendAll(
      Array.from({ length: 500 }, (_, event) => ({
        ...{ key: `host-1f0c9e2a-4711-floor-${batch}-${event}`, timestampNs: 1_757_184_000_000_000_000n },
        ...{ kind: 'homeostat.v1.Event', source: 'bench', bytes },
      })),
    );
  });
  const perSecond = 150_000 / ((performance.now() - began) / 1000);
  log.close();
  return perSecond;
}

/** The same envelopes, as many at once, into a log of this process. */
async function floor(): Promise<number> {
  const log = new Log({ path: join(folder, 'floor.db'), clock: systemClock });
  const bytes = readFileSync(new URL('../test/wire/mac-process.bin', import.meta.url));
  const began = performance.now();
  await each(EVENTS, IN_FLIGHT, async (number) => {
    await log.append({
      key: `f${number}`,
      timestampNs: 1n,
      kind: 'messaging.UniversalEnvelope',
      source: '',
      bytes,
    });
  });
  const perSecond = EVENTS / ((performance.now() - began) / 1000);
  log.close();
  return perSecond;
}

let hub: HubProcess | undefined;
try {
  // A host, so that what it streams is applied as an agent's is.
  await enrolHosts(data, folder, ['bench']);
  hub = await HubProcess.start(data);
  const client = new Publisher(hub.address, folder, 'bench');
  await publish(client, 'first');
  const began = performance.now();
  await each(PROCESSES, 1, (number) => publish(client, `one by one ${number}`));
  const seconds = (performance.now() - began) / 1000;
  const times: number[] = [];
  const loaded = performance.now();
  await each(EVENTS, IN_FLIGHT, async (number) => {
    const sent = performance.now();
    await publish(client, `many ${number}`);
    times.push(performance.now() - sent);
  });
  const perSecond = EVENTS / ((performance.now() - loaded) / 1000);
  client.close();
  const { perSecond: eventsPerSecond, p99 } = await batches(hub);
  const batchesAtFloor = await batchFloor();
  times.sort((a, b) => a - b);
  const atFloor = await floor();
  const peer = `the log alone, without a network: ${Math.round(atFloor)}/s`;
  report({ bench, figure: 'foreign_615_s', value: seconds, unit: 's', goal: '<= 5' });
  report({ bench, figure: 'unary_per_second', value: perSecond, unit: '/s', peer });
  report({ bench, figure: 'unary_ratio_floor', value: perSecond / atFloor, unit: 'ratio', peer });
  report({ bench, figure: 'unary_ack_p99_ms', value: times[Math.floor(times.length * 0.99)]!, unit: 'ms' });
  const batchPeer = `the log alone, without a network: ${Math.round(batchesAtFloor)}/s`;
  report({
    ...{ bench, figure: 'events_per_second', value: eventsPerSecond, unit: '/s' },
    ...{ peer: batchPeer, goal: '>= 100000' },
  });
  report({
    ...{ bench, figure: 'events_ratio_floor', value: eventsPerSecond / batchesAtFloor, unit: 'ratio' },
    peer: batchPeer,
  });
  report({ bench, figure: 'ack_p99_ms', value: p99, unit: 'ms', goal: '<= 25' });
  report({ bench, figure: 'hub_rss_mb', value: rssOf(hub.pid) / MEGABYTE, unit: 'MB', goal: '<= 150' });
  note(
    `${EVENTS} publishes with ${IN_FLIGHT} in flight over one connection; the publisher shares the cores with the hub`,
  );
} finally {
  await hub?.end();
  rmSync(folder, { recursive: true, force: true });
}
