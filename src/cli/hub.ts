import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createLog } from '../agent/log.ts';
import { Bus } from '../bus/server.ts';
import { EnrolmentServer } from '../identity/enrolment-server.ts';
import { HubIdentity } from '../identity/hub-identity.ts';
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
  readonly enrollPort: number;
  readonly port: number;
  /** Bytes that the log may take. */
  readonly maxLog: number;
}

/** The hub's process: identity, log, bus, figures, in the order of the flow. Returns when it was told to stop and everything is kept. */
export async function hub(options: HubOptions): Promise<void> {
  openDataFolder(options.data);
  const folder = hubFolder(options.data);
  makePrivateDirectory(folder);
  const startedAt = clock.now();
  const journal = createLog(new RotatingFile({ path: join(folder, 'hub.log') }), 'info', () => {});

  // identity
  const identity = await HubIdentity.open({
    ...{ folder: identityFolder(options.data), clock, log: journal },
    names: isName(options.busHost) ? [options.busHost] : [],
  });
  // wal
  const path = logFile(options.data);
  const log = new Log({ path, clock, maxBytes: options.maxLog });
  // bus
  const bus = new Bus({
    ...{ log, clock, credentials: identity.busCredentials, services: identity.services() },
    ...{ host: options.busHost, port: options.busPort },
    refusal: (peer, open) => identity.refusal(peer, open),
  });
  let busPort = 0;
  const enrolmentServer = new EnrolmentServer({
    ...{ issuer: identity.issuer, clock, log: journal, credentials: identity.enrolmentCredentials },
    ...{ host: options.busHost, port: options.enrollPort, busPort: () => busPort },
  });
  let address = '';
  let enrolment = '';
  // serve
  const status = (): BusStatus => {
    const { outcomes, duplicates, inFlight } = bus.metrics.figures();
    const { records, fileBytes, dropped } = log.stats();
    return {
      ...{
        version: version(),
        address,
        enrolment,
        lastSeen: Object.fromEntries(bus.lastSeen()),
        startedAt,
        at: clock.now(),
        published: outcomes,
        duplicates,
        inFlight,
      },
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
  const unwatch = identity.watch(() => bus.recheck());
  try {
    busPort = await bus.listen();
    address = addressOf(options.busHost, busPort);
    enrolment = addressOf(options.busHost, await enrolmentServer.listen());
    const run: RunFile = { address: await figures.listen(), pid: process.pid, startedAt };
    writeFileAtomic(join(folder, RUN_FILE), JSON.stringify(run));
    journal.info(`hub ${version()} takes events on ${address}`, { pid: process.pid, folder });
    console.log(
      `Homeostat hub ${version()}  takes events on ${address} (mutual TLS)\nFigures     ${run.address}/metrics\nData        ${folder}\nHosts       homeostat hub token create prints what enrols one (on ${enrolment})\nClients     homeostat hub issue NAME makes a certificate for one; Ctrl-C ends the hub`,
    );
    journal.info(`stops: ${await stopped}`);
  } finally {
    unwatch();
    enrolmentServer.close();
    await bus.close();
    await figures.close();
    log.close();
    rmSync(join(folder, RUN_FILE), { force: true });
  }
}

/** A name or address that clients may call; not the wildcard ones. */
const isName = (host: string): boolean => host !== '0.0.0.0' && host !== '::';

const addressOf = (host: string, port: number): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
