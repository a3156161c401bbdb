import { rmSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { createLog } from '../agent/log.ts';
import { Bus } from '../bus/server.ts';
import { Authority } from '../identity/authority.ts';
import { makePrivateDirectory, writeFileAtomic } from '../lib/atomic-file.ts';
import { systemClock as clock } from '../lib/clock.ts';
import { RotatingFile } from '../lib/rotating-file.ts';
import type { BusStatus } from '../model/bus.ts';
import { BusFigures } from '../serve/bus-figures.ts';
import { Log } from '../wal/log.ts';
import { RUN_FILE, type RunFile } from './client.ts';
import { openDataFolder } from './data-folder.ts';
import { hubFolder, identityFolder, logFile } from './hub-folder.ts';
import { stopSignal } from './stop-signal.ts';
import { version } from './version.ts';

export interface HubOptions {
  readonly data: string;
  readonly busHost: string;
  readonly busPort: number;
  readonly port: number;
  /** Bytes that the log may take. */
  readonly maxLog: number;
  /** Events a second that one client may send. */
  readonly clientEvents: number;
  /** Connections that are taken in all. */
  readonly maxConnections: number;
}

/** The hub's process: identity, log, bus, figures, in the order of the flow. Returns when it was told to stop and everything is kept. */
export async function hub(options: HubOptions): Promise<void> {
  // grpc-js has no setting for it; nothing else in this process speaks TLS.
  tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
  openDataFolder(options.data);
  const folder = hubFolder(options.data);
  makePrivateDirectory(folder);
  const startedAt = clock.now();
  const journal = createLog(new RotatingFile({ path: join(folder, 'hub.log') }), 'info', () => {});

  // identity
  const authority = await Authority.open(identityFolder(options.data), clock);
  const { key, certificate } = await authority.server(isName(options.busHost) ? [options.busHost] : []);
  // wal
  const path = logFile(options.data);
  const log = new Log({ path, clock, maxBytes: options.maxLog });
  // bus
  const bus = new Bus({
    ...{ log, clock, key, certificate, clientAuthority: authority.certificate },
    ...{ host: options.busHost, port: options.busPort },
    limits: { eventsPerSecond: options.clientEvents, connections: options.maxConnections },
  });
  let address = '';
  // serve
  const status = (): BusStatus => {
    const { outcomes, duplicates, inFlight } = bus.metrics.figures();
    const { records, fileBytes, dropped } = log.stats();
    return {
      ...{
        version: version(),
        address,
        startedAt,
        at: clock.now(),
        published: outcomes,
        duplicates,
        inFlight,
      },
      ...{ connections: bus.connections(), limitedClients: bus.limitedClients() },
      log: {
        ...{ path, records, fileBytes, maxBytes: options.maxLog, dropped },
        ...{ waiting: log.waiting(), recordsPerSecond: Math.round(log.ratePerSecond()) },
        problem: log.problem(),
      },
      self: { pid: process.pid, rss: process.memoryUsage.rss() },
    };
  };
  const figures = new BusFigures({ port: options.port, status, metrics: () => bus.metrics.text() });

  const stopped = stopSignal();
  try {
    address = `${options.busHost}:${await bus.listen()}`;
    const run: RunFile = { address: await figures.listen(), pid: process.pid, startedAt };
    writeFileAtomic(join(folder, RUN_FILE), JSON.stringify(run));
    journal.info(`hub ${version()} takes events on ${address}`, { pid: process.pid, folder });
    console.log(
      `Homeostat hub ${version()}  takes events on ${address} (mutual TLS)\nFigures     ${run.address}/metrics\nData        ${folder}\nClients     homeostat hub issue NAME makes a certificate for one; Ctrl-C ends the hub`,
    );
    journal.info(`stops: ${await stopped}`);
  } finally {
    await bus.close();
    await figures.close();
    log.close();
    rmSync(join(folder, RUN_FILE), { force: true });
  }
}

/** A name or address that clients may call; not the wildcard ones. */
const isName = (host: string): boolean => host !== '0.0.0.0' && host !== '::';
