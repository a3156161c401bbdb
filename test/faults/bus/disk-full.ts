import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Publisher } from '../../support/bus.ts';
import { inOwnMounts, seenBy } from '../../support/private-mounts.ts';
import { type BusFault, FOREIGN, Stand, until } from './stand.ts';

const MEGABYTES = 24;
const BALLAST = (MEGABYTES - 6) * 2 ** 20;
const isRoot = process.getuid?.() === 0;

/** ext4 in a file where that may be mounted, else a disk in memory. */
const mountDisk = (image: string): string =>
  isRoot
    ? `truncate -s ${MEGABYTES}M ${image} && mkfs.ext4 -q -F ${image} && mount -o loop ${image} "$0"`
    : `mount -t tmpfs -o size=${MEGABYTES}M,mode=700 tmpfs "$0"`;

/** What a client of others is told; a small event may still find a place that a batch does not. */
async function refusalOf(client: Publisher): Promise<string> {
  for (let number = 0; number < 500; number++) {
    const answer = await client.publish(`${'k'.repeat(400)}${number}`);
    if (answer !== 'OK') return answer;
  }
  return 'OK';
}

export const diskFull: BusFault = {
  name: 'disk-full',
  what: "the log's disk is full, and later is not",
  async make(cleanup) {
    const stand = await Stand.make(cleanup);
    const outside = join(stand.folder, 'outside');
    const script = `cp -a "$0" ${outside}; ${mountDisk(join(stand.folder, 'disk.img'))}; chmod 700 "$0"; cp -a ${outside}/. "$0"/`;
    const hub = await stand.hub({ prefix: inOwnMounts(script, stand.data) });
    const inside = seenBy(hub.pid, stand.data);
    const ballast = join(inside, 'ballast');
    writeFileSync(ballast, Buffer.alloc(BALLAST));
    for (let number = 0; number < 2; number++) stand.client(hub.address, { batch: 50 });
    await until('the disk is full', () => stand.refused() >= 4);
    const foreign = new Publisher(hub.address, stand.folder, FOREIGN);
    const answer = await refusalOf(foreign);
    const told = await (await fetch(`${hub.figures}/api/v1/bus`)).text();
    await sleep(1000);
    const refused = stand.refused();
    const before = stand.acknowledged();
    rmSync(ballast);
    await until('there is room again', () => stand.acknowledged() > before + 500);
    const after = await foreign.publish('with room again');
    foreign.close();
    await stand.drain();
    // Nobody writes now; the disk goes with the hub.
    const copy = join(stand.folder, 'copy');
    cpSync(join(inside, 'hub'), copy, { recursive: true });
    await hub.end();
    return {
      counts: stand.count(join(copy, 'wal.db')),
      seen: `${refused} batches were refused, a publish was answered ${answer}, later ${after}`,
      made: refused > 0 && answer === 'PROCESSING_ERROR' && after === 'OK' && /cannot be written/.test(told),
    };
  },
};
