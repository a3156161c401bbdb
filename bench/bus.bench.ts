/**
 * The bus with clients of others: unary publishes over mutual TLS, each on disk before its answer, the hub in a process of
 * its own. Beside it, in the same run, the floor: the same envelopes into the log without a network.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/lib/clock.ts';
import { Log } from '../src/wal/log.ts';
import { Publisher } from '../test/support/bus.ts';
import { HubProcess } from '../test/support/hub.ts';
import { note, report } from './report.ts';

const bench = 'bus';
const PROCESSES = 615;
const IN_FLIGHT = 128;
const EVENTS = 20_000;
const MEGABYTE = 1e6;

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'homeostat-bench-'));
const data = join(folder, 'data');
const homeostat = join(root, 'bin', 'homeostat.mjs');

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
  execFileSync(process.execPath, [homeostat, 'hub', 'issue', 'bench', '--data', data, '--out', folder]);
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
  times.sort((a, b) => a - b);
  const atFloor = await floor();
  const peer = `the log alone, without a network: ${Math.round(atFloor)}/s`;
  report({ bench, figure: 'foreign_615_s', value: seconds, unit: 's', goal: '<= 5' });
  report({ bench, figure: 'unary_per_second', value: perSecond, unit: '/s', peer });
  report({ bench, figure: 'unary_ratio_floor', value: perSecond / atFloor, unit: 'ratio', peer });
  report({ bench, figure: 'unary_ack_p99_ms', value: times[Math.floor(times.length * 0.99)]!, unit: 'ms' });
  report({ bench, figure: 'hub_rss_mb', value: rssOf(hub.pid) / MEGABYTE, unit: 'MB', goal: '<= 150' });
  note(
    `${EVENTS} publishes with ${IN_FLIGHT} in flight over one connection; the publisher shares the cores with the hub`,
  );
} finally {
  await hub?.end();
  rmSync(folder, { recursive: true, force: true });
}
