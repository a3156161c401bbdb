import { setTimeout as sleep } from 'node:timers/promises';
import { LogReader } from '../../../src/wal/log-reader.ts';
import { logOf } from '../../support/hub.ts';
import { type BusFault, Stand, until } from './stand.ts';

const HOUR_MS = 3_600_000;
const SKEWS = [-HOUR_MS, 0, HOUR_MS];

export const clockSkew: BusFault = {
  name: 'clock-skew',
  what: "clients' clocks are an hour behind, right, and an hour ahead; the hub is killed once",
  async make(cleanup, short) {
    const stand = await Stand.make(cleanup);
    let hub = await stand.hub();
    for (const skewMs of SKEWS) stand.client(hub.address, { skewMs });
    const served = (before: number[]) =>
      until('all clients are served', () =>
        stand.clients.every(({ acknowledged }, index) => acknowledged.size > before[index]! + 100),
      );
    await served([0, 0, 0]);
    const { port } = hub;
    await hub.end('SIGKILL');
    hub = await stand.hub({ busPort: port });
    await served(stand.clients.map(({ acknowledged }) => acknowledged.size));
    await sleep(short ? 0 : 5000);
    await stand.drain();
    await hub.end();
    return {
      counts: stand.count(),
      ...timesOf(logOf(stand.data)),
    };
  },
};

/** By how much the senders' times differ from the hub's, by client, in minutes. */
function timesOf(log: string): { readonly seen: string; readonly made: boolean } {
  const reader = new LogReader(log);
  const minutes = new Map<string, Set<number>>();
  for (const { key, timestampNs, receivedAt } of reader.records()) {
    const client = key.slice(0, key.lastIndexOf('-'));
    const apart = Math.round((Number(timestampNs / 1_000_000n) - receivedAt) / 60_000);
    minutes.set(client, (minutes.get(client) ?? new Set()).add(apart));
  }
  reader.close();
  const told = SKEWS.map((skew, index) => {
    const seen = [...(minutes.get(`client-${index}`) ?? [])];
    return { seen, right: seen.length > 0 && seen.every((one) => Math.abs(one - skew / 60_000) <= 1) };
  });
  return {
    seen: `sender's times beside the hub's, in minutes: ${told.map(({ seen }) => seen.join(' to ')).join(', ')}`,
    made: told.every(({ right }) => right),
  };
}
