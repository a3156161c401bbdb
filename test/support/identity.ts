import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Bus } from '../../src/bus/server.ts';
import { Authority } from '../../src/identity/authority.ts';
import { EnrolmentServer } from '../../src/identity/enrolment-server.ts';
import { HubIdentity } from '../../src/identity/hub-identity.ts';
import { Registry } from '../../src/identity/registry.ts';
import { encodeToken } from '../../src/identity/token.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Log as Lines } from '../../src/lib/log.ts';
import { Log } from '../../src/wal/log.ts';

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
