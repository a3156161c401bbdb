import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../../src/lib/random.ts';
import { logOf } from '../../support/hub.ts';
import { keysIn } from './keys.ts';
import { type BusFault, Stand, until } from './stand.ts';

const SEED = 11;

export const killAgent: BusFault = {
  name: 'kill-agent',
  what: 'an agent is killed with -9 again and again, each second time while the hub is away',
  async make(cleanup, short) {
    const kills = short ? 4 : 20;
    const random = new Random(SEED);
    const stand = await Stand.make(cleanup);
    let hub = await stand.hub();
    const { port } = hub;
    const agent = await stand.agent(hub.address);
    /** Everything that was in the outbox when the agent was killed. */
    const unacknowledged = new Set<string>();
    for (let kill = 0; kill < kills; kill++) {
      const away = kill % 2 === 1;
      if (away) await hub.end('SIGKILL');
      const before = new Set(agent.outbox());
      // With the hub away it grows; else what came meanwhile has left it again, or is about to.
      if (away) await until('the outbox grows', () => agent.outbox().some((key) => !before.has(key)));
      await sleep(500 + random.below(1000));
      await agent.end('SIGKILL');
      for (const key of agent.outbox()) unacknowledged.add(key);
      if (away) hub = await stand.hub({ busPort: port });
      await agent.start();
    }
    await until('what was in the outbox is at the hub', () =>
      keysIn(logOf(stand.data)).isSupersetOf(unacknowledged),
    );
    await stand.drain();
    await hub.end();
    return {
      counts: stand.count(),
      seen: `${kills} kills; ${unacknowledged.size} events were in the outbox when it was killed, and all are at the hub`,
      made: unacknowledged.size > 0,
    };
  },
};
