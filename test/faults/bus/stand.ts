import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { homeostat, type Prefix } from '../../support/daemon.ts';
import { enrol, enrolHosts, type HubOptions, HubProcess, logOf } from '../../support/hub.ts';
import type { Cleanup } from '../cleanup.ts';
import { Agent } from './agent.ts';
import { Client, type ClientPlan } from './client.ts';
import { type Counts, count } from './count.ts';

/** What became of what was acknowledged while something was wrong. */
export interface Outcome {
  readonly counts: Counts;
  /** What happened, for people. */
  readonly seen: string;
  /** Whether the fault was made at all, by what was seen of it: one that nobody noticed proves nothing. */
  readonly made: boolean;
}

/** One way in which something goes wrong. */
export interface BusFault {
  readonly name: string;
  readonly what: string;
  /** `short`: the form that `npm test` runs. Throws where the fault cannot be made here. */
  make(cleanup: Cleanup, short: boolean): Promise<Outcome>;
}

/** The names in the certificates of those that stream, and of those that publish one by one. */
const STREAMING = 'streaming';
export const FOREIGN = 'foreign';
const WAIT_MS = 60_000;

/** A data folder for a hub, and certificates for its clients. */
export class Stand {
  readonly folder: string;
  readonly data: string;
  readonly clients: Client[] = [];
  readonly agents: Agent[] = [];
  readonly #cleanup: Cleanup;

  private constructor(folder: string, cleanup: Cleanup) {
    this.folder = folder;
    this.data = join(folder, 'data');
    this.#cleanup = cleanup;
  }

  static async make(cleanup: Cleanup): Promise<Stand> {
    // The log is to be on a disk, also where /tmp is in memory.
    const base = process.env.TMPDIR ?? (process.platform === 'linux' ? '/var/tmp' : tmpdir());
    const folder = mkdtempSync(join(base, 'homeostat-faults-'));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
    const stand = new Stand(folder, cleanup);
    await enrolHosts(stand.data, folder, [STREAMING]);
    const args = ['hub', 'issue', FOREIGN, '--data', stand.data, '--out', folder];
    const { code, stderr } = await homeostat(folder, args, { HOME: folder });
    if (code !== 0) throw new Error(stderr);
    return stand;
  }

  async hub(options: HubOptions = {}): Promise<HubProcess> {
    const hub = await HubProcess.start(this.data, options);
    this.#cleanup.add(async () => void (await hub.end('SIGKILL')));
    return hub;
  }

  /** A client that streams events in a process of its own. */
  client(address: string, changes: Partial<ClientPlan> = {}, prefix: Prefix = []): Client {
    const plan: ClientPlan = {
      ...{ name: `client-${this.clients.length}`, address, folder: this.folder, certificate: STREAMING },
      ...{ batch: 20, everyMs: 10, skewMs: 0 },
      ...changes,
    };
    const client = new Client(plan, this.#cleanup, prefix);
    this.clients.push(client);
    return client;
  }

  /** A real agent, enrolled and started. */
  async agent(address: string, prefix: Prefix = []): Promise<Agent> {
    const name = `agent-${this.agents.length}`;
    const folder = join(this.folder, name);
    await enrol(join(folder, 'data'), this.data, name, address);
    const agent = new Agent(name, folder, prefix, this.#cleanup);
    this.agents.push(agent);
    await agent.start();
    return agent;
  }

  acknowledged(): number {
    return this.clients.reduce((sum, client) => sum + client.acknowledged.size, 0);
  }

  refused(): number {
    return this.clients.reduce((sum, client) => sum + client.refused, 0);
  }

  /** Nobody makes events any more, and each has its answer, or is in an agent's outbox. */
  async drain(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.drain()));
    await Promise.all(this.agents.map((agent) => agent.end('SIGTERM')));
  }

  /** Looks up what was acknowledged, in the log or in a copy of it. */
  count(log = logOf(this.data)): Counts {
    return count(
      log,
      this.clients.flatMap(({ acknowledged }) => [...acknowledged]),
      this.agents,
    );
  }
}

/** Throws with `what` where it does not come about. */
export async function until(what: string, met: () => boolean): Promise<void> {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; await sleep(20)) if (met()) return;
  throw new Error(`waited for a minute: ${what}`);
}
