import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../../src/lib/random.ts';
import { Publisher } from '../../support/bus.ts';
import { logOf } from '../../support/hub.ts';
import { count } from './count.ts';
import { keysIn } from './keys.ts';
import { type BusFault, FOREIGN, Stand, until } from './stand.ts';

const KILLS = 50;
const CLIENTS = 16;
const SEED = 7;

/** Clients of others, each of which sends its next event when it has an answer, and the same again when it has none. */
class Foreign {
  readonly acknowledged: string[] = [];
  readonly #clients: Publisher[];
  readonly #publishing: Promise<void>[];
  #stopped = false;

  constructor(address: string, folder: string) {
    this.#clients = Array.from({ length: CLIENTS }, () => new Publisher(address, folder, FOREIGN));
    this.#publishing = this.#clients.map((client, number) => this.#publish(client, number));
  }

  async end(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#publishing);
    for (const client of this.#clients) client.close();
  }

  async #publish(client: Publisher, number: number): Promise<void> {
    for (let event = 0; !this.#stopped; event++) {
      const key = `foreign-${number}-${event}`;
      while (!this.#stopped) {
        if ((await client.publish(key, 2000)) === 'OK') {
          this.acknowledged.push(key);
          break;
        }
        await sleep(20);
      }
    }
  }
}

export const killHub: BusFault = {
  name: 'kill-hub',
  what: `the hub is killed with -9 ${KILLS} times while an agent and clients stream, and others publish one by one`,
  async make(cleanup) {
    const random = new Random(SEED);
    const stand = await Stand.make(cleanup);
    let hub = await stand.hub();
    const { address, port } = hub;
    for (let number = 0; number < 3; number++) stand.client(address);
    const agent = await stand.agent(address);
    const foreign = new Foreign(address, stand.folder);
    cleanup.add(() => foreign.end());
    /** Lives of the hub in which streams, and clients one by one, were told OK. */
    let lives = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const streamed = stand.acknowledged();
      const one = foreign.acknowledged.length;
      await until(
        'both kinds of clients are served',
        () => stand.acknowledged() > streamed && foreign.acknowledged.length > one,
      );
      lives++;
      await sleep(random.below(60));
      await hub.end('SIGKILL');
      hub = await stand.hub({ busPort: port });
    }
    // Its breaker has opened, for longer each time: what it could not tell waits in its outbox.
    await agent.end('SIGTERM');
    const waited = agent.outbox();
    await agent.start();
    await until("the agent's events are at the hub", () =>
      keysIn(logOf(stand.data)).isSupersetOf(new Set(waited)),
    );
    await stand.drain();
    await foreign.end();
    await hub.end();
    const keys = stand.clients.flatMap(({ acknowledged }) => [...acknowledged]);
    return {
      counts: count(logOf(stand.data), [...keys, ...foreign.acknowledged], stand.agents),
      seen: `${lives} kills; ${keys.length} events of streams, ${foreign.acknowledged.length} published one by one; the agent kept ${waited.length} for later`,
      made: lives === KILLS,
    };
  },
};
