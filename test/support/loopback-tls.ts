import { join } from 'node:path';
import { Authority } from '../../src/identity/authority.ts';
import { systemClock } from '../../src/lib/clock.ts';

/** An authority of a test, PEM, with the credentials of a server on loopback and of a client. */
export async function loopbackTls(folder: string) {
  const made = await Authority.open(join(folder, 'authority'), systemClock);
  const [server, host] = [await made.server(), await made.issueClient('web-1', 1)];
  return {
    ca: made.certificate,
    server: { key: server.key, cert: server.certificate },
    client: { key: host.key, cert: host.certificate },
  };
}
