import { join } from 'node:path';
import { createLog } from '../agent/log.ts';
import { ReloadableNotifications } from '../agent/reloadable-notifications.ts';
import { AGENT_EVENT, saysThatItStops } from '../bus/agent-event.ts';
import { Bus } from '../bus/server.ts';
import { HubPage } from '../exporters/prometheus/hub-page.ts';
import { Fleet } from '../fleet/fleet.ts';
import { fleetFigures } from '../hub/fleet-figures.ts';
import { FleetSource } from '../hub/fleet-source.ts';
import { Ingest } from '../hub/ingest.ts';
import { LoopDelay } from '../hub/loop-delay.ts';
import { EnrolmentServer } from '../identity/enrolment-server.ts';
import { HubIdentity } from '../identity/hub-identity.ts';
import { makePrivateDirectory, writeFileAtomic } from '../lib/atomic-file.ts';
import { systemClock as clock } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import { RotatingFile } from '../lib/rotating-file.ts';
import type { BusStatus } from '../model/bus.ts';
import type { History } from '../model/history.ts';
import { createServer, requireToken } from '../serve/server.ts';
import { ServiceManager } from '../service/service-manager.ts';
import { ClockTrust, openStore } from '../store/store.ts';
import { Log } from '../wal/log.ts';
import { RUN_FILE, type RunFile, removeRunFile } from './client.ts';
import { openDataFolder, openLogFolder } from './data-folder.ts';
import { fleetFile, hostFolder, hubFolder, identityFolder, logFile, refuseWideHub } from './hub-folder.ts';
import { lockHub } from './hub-lock.ts';
import { IncidentDesk } from './incident-desk.ts';
import { openSettings, reloadOnRequest } from './reload.ts';
import { stopSignal } from './stop-signal.ts';
import { version } from './version.ts';
import { webFolder } from './web-folder.ts';

export interface HubOptions {
  readonly data: string;
  /** Folder of hub.log; in the data folder, if left out. */
  readonly logs?: string;
  /** What it says of incidents holds here too. */
  readonly config?: string;
  readonly busHost: string;
  readonly busPort: number;
  readonly enrollPort: number;
  /** Of the dashboard, the API and the figures. */
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  /** Bytes that the log may take. */
  readonly maxLog: number;
  /** Bytes that the history of one host may take. */
  readonly hostCap: number;
  /** Of what the others leave of the log, what one client may hold, percent. */
  readonly clientShare: number;
  /** Events a second that one client may send. */
  readonly clientEvents: number;
  /** Only envelopes with a signature that verifies are taken. */
  readonly requireSignatures?: true;
  /** Connections that are taken in all. */
  readonly maxConnections: number;
}

/** Histories of hosts that are open at once. */
const MOST_OPEN = 64;
/** Events a second beyond which one thread cannot take them and apply them to their hosts as well. */
const BUSY_PER_SECOND = 30_000;
/** Clients that the status names for what they hold of the log. */
const LARGEST = 5;
const WORK_EVERY_MS = 100;
const LOOK_EVERY_MS = 5000;
const TELL_EVERY_MS = 1000;

/** The hub's process: identity, log, bus, hosts, dashboard, in the order of the flow. Returns when it was told to stop and everything is kept. */
export async function hub(options: HubOptions): Promise<void> {
  const { config, token: given } = options;
  const { settings, reloader } = await openSettings(
    { ...(config !== undefined && { config }), ...(given !== undefined && { token: given }) },
    ['incidents', 'notify', 'serve'],
  );
  const { token, sign_in: signIn } = settings.serve;
  const folder = hubFolder(options.data);
  const door = { host: options.host, folder, signIn, ...(token && { token }) };
  requireToken(door);
  openDataFolder(options.data);
  makePrivateDirectory(folder);
  refuseWideHub(options.data);
  const unlock = lockHub(folder);
  const startedAt = clock.now();
  const journal = createLog(
    new RotatingFile({ path: join(openLogFolder(options.logs ?? folder), 'hub.log') }),
    'info',
    () => {},
  );

  // identity
  const identity = await HubIdentity.open({
    ...{ folder: identityFolder(options.data), clock, log: journal },
    names: isName(options.busHost) ? [options.busHost] : [],
  });
  // wal
  const path = logFile(options.data);
  const log = new Log({
    ...{ path, clock, maxBytes: options.maxLog, share: options.clientShare / 100 },
    // They are in the host's history then, and make nine tenths of what an agent sends.
    spare: { kind: AGENT_EVENT, keys: '%/metrics/%', appliedTo: () => ingest.applied },
  });
  // bus
  const bus = new Bus({
    ...{ log, clock, credentials: identity.busCredentials, services: identity.services() },
    ...{ host: options.busHost, port: options.busPort },
    refusal: (peer, open) => identity.refusal(peer, open),
    ...(options.requireSignatures && {
      signatureRefusal: (peer, signed) => identity.signatureRefusal(peer, signed),
      streamRefusal: ({ name }) => (identity.isHost(name) ? undefined : unsignedStream(name)),
    }),
    taken: (client, abouts) => {
      if (identity.isHost(client)) fleet.heard(client, abouts.some(saysThatItStops));
    },
    limits: { eventsPerSecond: options.clientEvents, connections: options.maxConnections },
  });
  let busPort = 0;
  const enrolmentServer = new EnrolmentServer({
    ...{ issuer: identity.issuer, clock, log: journal, credentials: identity.enrolmentCredentials },
    ...{ host: options.busHost, port: options.enrollPort, busPort: () => busPort },
  });
  let address = '';
  let enrolment = '';
  // fleet
  const trust = new ClockTrust(clock);
  const folderOf = (host: string): string => hostFolder(options.data, host);
  const fleet = new Fleet({
    ...{ clock, path: fleetFile(options.data), mostOpen: MOST_OPEN },
    openHistory: (host) =>
      openStore({ folder: folderOf(host), clock, capBytes: options.hostCap, trust, log: journal }),
    warn: (message) => journal.warn(message),
    onAnomaly: (anomaly) => incidents.signal(anomaly),
    revoked: () => new Set(identity.hosts().flatMap(({ name, welcome }) => (welcome ? [] : [name]))),
  });
  // notify
  let dashboard: string | undefined;
  const notifications = await ReloadableNotifications.open({
    ...{ settings: settings.notify, folder, clock, log: journal, env: process.env, version: version() },
    ...{ address: () => dashboard, nameOf: (host) => host, history: (host) => historyOf(fleet, host) },
    pageOf: (host) => `?${new URLSearchParams({ host })}`,
    current: (id) => incidents.archive.named(id)[0],
    advice: (incident) => source.host(incident.host)?.advice(incident),
    onDecision: (id, decision) => incidents.told(id, decision),
  });
  // alert
  const incidents = new IncidentDesk({
    ...{ folder, clock, settings: settings.incidents, trust, log: journal },
    history: (host) => historyOf(fleet, host),
    notify: () => notifications.tell,
  });
  reloader.onReload('incidents', (now) => incidents.use(now));
  reloader.onReload('notify', (now) => notifications.use(now));
  const isHost = (name: string): boolean => identity.isHost(name);
  const ingest = new Ingest({
    path,
    fleet,
    isHost,
    isBusy: () => log.takenPerSecond() > BUSY_PER_SECOND,
    log: journal,
  });
  // serve
  const status = (): BusStatus => {
    const { outcomes, duplicates, unsigned, inFlight } = bus.metrics.figures();
    const { records, fileBytes, dropped } = log.figures();
    return {
      ...{
        version: version(),
        address,
        enrolment,
        enrolments: enrolmentServer.figures(),
        lastSeen: Object.fromEntries(bus.lastSeen()),
        startedAt,
        at: clock.now(),
        published: outcomes,
        duplicates,
        unsigned,
        signaturesRequired: options.requireSignatures ?? false,
        inFlight,
      },
      ...{ connections: bus.connections(), limitedClients: bus.limitedClients() },
      log: {
        ...{ path, records, fileBytes, maxBytes: options.maxLog, dropped },
        ...{ waiting: log.waiting(), recordsPerSecond: Math.round(log.ratePerSecond()) },
        largest: log.largest(LARGEST).map(({ source, cost }) => ({ client: source, bytes: cost })),
        ...{ sharedKeys: log.sharedKeys(), problem: log.problem() },
      },
      self: { pid: process.pid, rss: process.memoryUsage.rss() },
    };
  };
  const loopDelay = new LoopDelay();
  const source = new FleetSource({
    ...{ fleet, clock, folder: folderOf, bus: status },
    enrolled: () => identity.hosts(),
    incidents,
    problem: (host) => log.problem() ?? log.shareProblem(host),
  });
  const exposition = new HubPage({
    figures: () => bus.metrics.text() + fleetFigures(fleet, ingest, log, enrolmentServer) + loopDelay.text(),
    hosts: () => source.told(),
  });
  const server = createServer({
    ...{ ...door, source, exposition, port: options.port, webFolder: webFolder(), clock, log: journal },
    feedback: incidents.feedback,
  });
  const guarded = guard((problem) => journal.warn(`the hosts' data cannot be kept: ${problem}`));
  const working = setInterval(
    guarded(() => {
      manager.looked();
      fleet.work();
    }),
    WORK_EVERY_MS,
  );
  const looking = setInterval(
    guarded(() => {
      trust.trusted();
      fleet.look(ingest.resumed && log.problem() === undefined);
    }),
    LOOK_EVERY_MS,
  );
  const telling = setInterval(
    guarded(() => {
      incidents.look();
    }),
    TELL_EVERY_MS,
  );

  const manager = new ServiceManager({
    ...{ env: process.env, clock, intervalMs: () => WORK_EVERY_MS },
    onProblem: (problem) => journal.warn(problem),
  });
  const requests = reloadOnRequest({ reloader, log: journal, folder, platform: process.platform });
  const stopped = stopSignal(requests.reload);
  const unwatch = identity.watch(() => bus.recheck());
  try {
    busPort = await bus.listen();
    address = addressOf(options.busHost, busPort);
    enrolment = addressOf(options.busHost, await enrolmentServer.listen());
    const served = await server.listen();
    dashboard = served.address;
    notifications.start();
    const run: RunFile = { ...served, pid: process.pid, startedAt };
    writeFileAtomic(join(folder, RUN_FILE), JSON.stringify(run));
    ingest.start();
    manager.ready(`takes events on ${address}, dashboard on ${run.address}`);
    journal.info(`hub ${version()} takes events on ${address}`, { pid: process.pid, folder });
    console.log(
      `Homeostat hub ${version()}  takes events on ${address} (mutual TLS)\nDashboard   ${run.address}${token ? `/?token=${token}` : ''}\nSign in     homeostat open --hub prints a link that does, once\nFigures     ${run.address}/metrics\nData        ${folder}\nHosts       homeostat hub token create prints what enrols one (on ${enrolment})\nClients     homeostat hub issue NAME makes a certificate for one; Ctrl-C ends the hub`,
    );
    journal.info(`stops: ${await stopped}`);
  } finally {
    manager.stopping();
    requests.stop();
    unwatch();
    enrolmentServer.close();
    await bus.close();
    await server.close();
    clearInterval(working);
    clearInterval(looking);
    loopDelay.stop();
    clearInterval(telling);
    ingest.stop();
    incidents.write();
    await notifications.stop();
    incidents.close();
    fleet.close();
    log.close();
    removeRunFile(folder);
    unlock();
  }
}

/** Work that may fail, on a full disk say, and is done again later: each problem is told once until all is well again. */
function guard(tell: (problem: string) => void) {
  let told: string | undefined;
  return (work: () => void) => () => {
    try {
      work();
      told = undefined;
    } catch (error) {
      const problem = errorMessage(error);
      if (problem !== told) tell(problem);
      told = problem;
    }
  };
}

/** What a host measured; undefined where its history cannot be opened now. */
function historyOf(fleet: Fleet, host: string): History | undefined {
  try {
    return fleet.host(host)?.history;
  } catch {
    return undefined;
  }
}

/** A name or address that clients may call; not the wildcard ones. */
const isName = (host: string): boolean => host !== '0.0.0.0' && host !== '::';

const unsignedStream = (name: string): string =>
  `${name} is a client: while signatures are required only hosts that enrolled may stream, as events of a stream have none`;

const addressOf = (host: string, port: number): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
