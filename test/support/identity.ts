import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Bus } from '../../src/bus/server.ts';
import { Authority } from '../../src/identity/authority.ts';
import { enroll } from '../../src/identity/enroll.ts';
import { EnrolmentServer } from '../../src/identity/enrolment-server.ts';
import { readHostIdentity } from '../../src/identity/host-identity.ts';
import { HubIdentity } from '../../src/identity/hub-identity.ts';
import { splitPem } from '../../src/identity/keys.ts';
import { Registry } from '../../src/identity/registry.ts';
import { encodeToken } from '../../src/identity/token.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import type { Log as Lines } from '../../src/lib/log.ts';
import { Log } from '../../src/wal/log.ts';
import { LogReader } from '../../src/wal/log-reader.ts';
import { StreamPublisher } from './bus.ts';
import { homeostat, ownFolder } from './daemon.ts';
import { type HubOptions, HubProcess, logOf } from './hub.ts';

/** What was said, in the order in which it was. */
export class Said implements Lines {
  readonly lines: string[] = [];
  readonly debug = (message: string): void => void this.lines.push(message);
  readonly info = this.debug;
  readonly warn = this.debug;
  readonly error = this.debug;
}

/** A hub's identity, enrolment and bus in this process, with a clock of its own, on free ports or those that it had before. */
export async function startHub(
  t: TestContext,
  data: string,
  clock: Clock,
  before?: { readonly bus: string; readonly address: string },
) {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const folder = join(data, 'identity');
  const said = new Said();
  const identity = await HubIdentity.open({ folder, clock, log: said, names: [] });
  const log = new Log({ path: join(data, 'wal.db'), clock, maxBytes: 2 ** 24 });
  const bus = new Bus({
    ...{ log, clock, credentials: identity.busCredentials, services: identity.services() },
    ...{
      host: '127.0.0.1',
      port: portOf(before?.bus),
      refusal: (peer, open) => identity.refusal(peer, open),
    },
  });
  const busPort = await bus.listen();
  const server = new EnrolmentServer({
    ...{ issuer: identity.issuer, clock, log: said, credentials: identity.enrolmentCredentials },
    ...{ host: '127.0.0.1', port: portOf(before?.address), busPort: () => busPort },
  });
  const address = `127.0.0.1:${await server.listen()}`;
  const unwatch = identity.watch(() => bus.recheck());
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    unwatch();
    server.close();
    await bus.close(0);
    log.close();
  };
  t.after(close);
  return {
    ...{ said, folder, address, bus: `127.0.0.1:${busPort}`, close },
    registry: (): Registry => new Registry(folder, clock),
    /** A token for one host. */
    token: async (name?: string): Promise<string> => {
      const { pin } = await Authority.open(folder, clock);
      const { secret } = new Registry(folder, clock).createToken(3_600_000, name);
      return encodeToken({ address, pin, secret, ...(name !== undefined && { name }) });
    },
  };
}

const portOf = (address: string | undefined): number => Number(address?.split(':').at(-1) ?? 0);

/** A real hub, and what to do with it by commands and as a host. */
export async function setUp(t: TestContext, options: HubOptions = {}) {
  const folder = ownFolder(t);
  const data = join(folder, 'data');
  const hub = await HubProcess.start(data, options);
  t.after(() => hub.end('SIGKILL'));
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await homeostat(folder, ['hub', ...args, '--data', data]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const token = async (...args: string[]): Promise<string> => {
    const line = await run('token', 'create', ...args);
    const [, word] = /^homeostat agent --enroll (hst1_[\w-]+)\n$/.exec(line) ?? [];
    assert.ok(word, line);
    return word;
  };
  /** Enrols a host of this name: its folder. */
  const host = async (name: string): Promise<string> => {
    const own = join(folder, name, 'identity');
    await enroll({ token: await token(), name, folder: own, clock: systemClock });
    return own;
  };
  return { folder, data, hub, run, token, host };
}

/** A stream of the host of this folder, ended with the test. */
export const open = (t: TestContext, folder: string): StreamPublisher => {
  const stream = new StreamPublisher(readHostIdentity(folder)!.address, folder, 'host');
  t.after(() => stream.close());
  return stream;
};

/** When the first answer came, which only grants credit. */
export const begun = async (stream: StreamPublisher): Promise<StreamPublisher> => {
  assert.equal((await stream.next()).sequence, 0n);
  return stream;
};

/** What the hub of this data folder wrote into its own log. */
export const linesOf = (data: string): string => readFileSync(join(data, 'hub', 'hub.log'), 'utf8');

/** The keys in a hub's log, and who sent each. */
export function sourcesIn(data: string): Map<string, string> {
  const reader = new LogReader(logOf(data));
  const sources = new Map([...reader.records()].map(({ key, source }) => [key, source]));
  reader.close();
  return sources;
}

/** The authorities that the host of this folder trusts, PEM. */
export const pinsOf = (folder: string): string[] => splitPem(readHostIdentity(folder)!.authorities);
