import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { BusLimits } from '../../src/bus/limits.ts';
import { Bus } from '../../src/bus/server.ts';
import { Authority } from '../../src/identity/authority.ts';
import { systemClock as clock } from '../../src/lib/clock.ts';
import { TlsCredentials } from '../../src/lib/tls-credentials.ts';
import { Log, type LogOptions } from '../../src/wal/log.ts';
import { LogReader } from '../../src/wal/log-reader.ts';
import { ownFolder } from './daemon.ts';

/** What differs from a hub as it is started without options. */
export interface BusServerOptions {
  readonly limits?: Partial<BusLimits>;
  readonly log?: Partial<LogOptions>;
}

/** A bus of this process on a free port, with a log on disk and certificates for `names` in `folder`. */
export async function busServer(
  t: TestContext,
  names: readonly string[],
  { limits = {}, log: logOptions = {} }: BusServerOptions = {},
) {
  const folder = ownFolder(t);
  const identity = join(folder, 'identity');
  mkdirSync(identity, { mode: 0o700 });
  const authority = await Authority.open(identity, clock);
  writeFileSync(join(folder, 'ca.pem'), authority.certificate);
  for (const name of names) {
    const { key, certificate } = await authority.issueClient(name, 1);
    writeFileSync(join(folder, `${name}.key`), key);
    writeFileSync(join(folder, `${name}.pem`), certificate);
  }
  const path = join(folder, 'wal.db');
  const log = new Log({ path, clock, ...logOptions });
  const bus = new Bus({
    ...{ log, clock, limits, host: '127.0.0.1', port: 0, refusal: () => undefined },
    credentials: new TlsCredentials({
      ...(await authority.server()),
      clientAuthorities: authority.certificate,
    }),
  });
  const port = await bus.listen();
  t.after(async () => {
    await bus.close(100);
    log.close();
  });
  const keys = (): string[] => {
    const reader = new LogReader(path);
    const kept = [...reader.records()].map(({ key }) => key);
    reader.close();
    return kept;
  };
  return { folder, path, bus, port, address: `127.0.0.1:${port}`, keys };
}
