import { setTimeout as sleep } from 'node:timers/promises';
import { Network } from './network.ts';
import { type BusFault, Stand, until } from './stand.ts';

const HOSTS = 3;

export const networkCut: BusFault = {
  name: 'network-cut',
  what: `${HOSTS} hosts in networks of their own, each with an agent and a client; the cables of one and then of all are pulled and put back`,
  async make(cleanup, short) {
    const stand = await Stand.make(cleanup);
    const network = await Network.make(HOSTS, cleanup);
    const hub = await stand.hub({ prefix: network.inHub(), args: ['--bus-host', network.hubAddress] });
    for (let host = 0; host < HOSTS; host++)
      stand.client(hub.address, { name: `host-${host}`, batch: 10 }, network.inHost(host));
    for (let host = 0; host < HOSTS; host++) await stand.agent(hub.address, network.inHost(host));
    const [first, ...others] = stand.clients;
    const counts = (): number[] => stand.clients.map(({ acknowledged }) => acknowledged.size);
    const allGoOn = (before = counts()) =>
      until('all hosts are served', () => counts().every((count, host) => count > before[host]! + 100));
    await allGoOn();
    const partMs = short ? 4000 : 20_000;

    network.cut(0);
    await sleep(500);
    const alone = first!.acknowledged.size;
    const before = others.map(({ acknowledged }) => acknowledged.size);
    await sleep(partMs);
    const silent = first!.acknowledged.size === alone;
    const othersWent = others.every(({ acknowledged }, index) => acknowledged.size > before[index]! + 100);
    network.heal(0);
    await allGoOn();

    for (let host = 0; host < HOSTS; host++) network.cut(host);
    await sleep(500);
    const atCut = stand.acknowledged();
    await sleep(partMs);
    const allSilent = stand.acknowledged() === atCut;
    for (let host = 0; host < HOSTS; host++) network.heal(host);
    await allGoOn();
    await stand.drain();
    await hub.end();
    return {
      counts: stand.count(),
      seen: `${partMs / 1000} s without one and ${partMs / 1000} s without all; the others went on: ${othersWent ? 'yes' : 'NO'}`,
      made: silent && allSilent && othersWent,
    };
  },
};
