import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogReader } from '../../src/wal/log-reader.ts';
import { Publisher } from '../support/bus.ts';
import { homeostat, ownFolder } from '../support/daemon.ts';
import { HubProcess, logOf } from '../support/hub.ts';

const KILLS = 50;
const PUBLISHERS = 16;

let seed = 7;
function random(below: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return (seed >> 8) % below;
}

test(`${KILLS} times kill -9 under load: every event that was acknowledged is there, once`, async (t) => {
  const folder = ownFolder(t);
  const data = join(folder, 'data');
  const issued = await homeostat(folder, ['hub', 'issue', 'client', '--data', data, '--out', folder]);
  assert.equal(issued.code, 0, issued.stderr);
  let hub = await HubProcess.start(data);
  t.after(() => hub.end('SIGKILL'));
  const { port, address } = hub;
  const acknowledged: string[] = [];
  let sent = 0;
  let stop = false;
  // Each sends the next event when it has an answer, and the same again when it has none: as every client should.
  const publish = async (client: Publisher, number: number): Promise<void> => {
    for (let event = 0; !stop; event++) {
      const key = `${number}-${event}`;
      while (!stop) {
        sent++;
        if ((await client.publish(key, 2000)) === 'OK') {
          acknowledged.push(key);
          break;
        }
        await sleep(20);
      }
    }
  };
  const clients = Array.from({ length: PUBLISHERS }, () => new Publisher(address, folder, 'client'));
  const publishing = clients.map(publish);
  for (let kill = 0; kill < KILLS; kill++) {
    const before = acknowledged.length;
    for (let waited = 0; acknowledged.length === before && waited < 200; waited++) await sleep(25);
    await sleep(random(60));
    await hub.end('SIGKILL');
    hub = await HubProcess.start(data, { busPort: port });
  }
  stop = true;
  await Promise.all(publishing);
  for (const client of clients) client.close();
  await hub.end();

  const reader = new LogReader(logOf(data));
  const kept = [...reader.records()].map(({ key }) => key);
  const { damage, missing } = reader.verify();
  reader.close();
  const unique = new Set(kept);
  const lost = acknowledged.filter((key) => !unique.has(key));
  t.diagnostic(
    `${sent} publishes, ${acknowledged.length} acknowledged, ${kept.length} in the log, ${lost.length} lost`,
  );
  assert.deepEqual([lost, damage, missing], [[], [], 0]);
  assert.equal(unique.size, kept.length, 'each is there once');
  assert.ok(
    acknowledged.length >= KILLS,
    `${acknowledged.length} acknowledged: each life of the hub served some`,
  );
  rmSync(data, { recursive: true });
});
