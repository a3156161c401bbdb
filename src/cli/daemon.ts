import { availableParallelism, hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { Advisor, WALKS_FILE } from '../agent/advisor.ts';
import { Agent } from '../agent/agent.ts';
import { coverageOf } from '../agent/coverage.ts';
import { exporting } from '../agent/exporting.ts';
import { giveBackPages, keepGivingBack } from '../agent/give-back.ts';
import { hostId, waitChannel } from '../agent/machine.ts';
import { MachineScorer } from '../agent/machine-scorer.ts';
import { ReloadableNotifications } from '../agent/reloadable-notifications.ts';
import { detectorsFor } from '../agent/runtime.ts';
import type { Settings } from '../agent/settings.ts';
import { startComparison, startTraining } from '../agent/training.ts';
import { unusualSince } from '../agent/unusual-periods.ts';
import { AlarmCount } from '../alert/alarm-count.ts';
import { AnomalyJournal } from '../alert/journal.ts';
import { KeptProfiles } from '../alert/profiles/kept-profiles.ts';
import type { Host } from '../collect/host.ts';
import { createLiveHost } from '../collect/live-host.ts';
import { anonymousBytes } from '../collect/process/anonymous-bytes.ts';
import { createProcessScanner } from '../collect/process/linux.ts';
import { socketOwners } from '../collect/process/socket-owners.ts';
import { wakeups } from '../collect/process/wakeups.ts';
import { collectorsFor } from '../collect/registry.ts';
import { Schedule } from '../collect/schedule.ts';
import { Hub } from '../hub/hub.ts';
import { Learner } from '../learn/learner.ts';
import type { Run } from '../learn/run.ts';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { systemClock as clock } from '../lib/clock.ts';
import { UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { Coverage, Loss } from '../model/coverage.ts';
import type { Tick } from '../model/metric.ts';
import type { ProcessScan } from '../model/process.ts';
import type { PublishStatus } from '../model/publish.ts';
import { createServer, requireToken } from '../serve/server.ts';
import { ServiceManager } from '../service/service-manager.ts';
import { ClockTrust, openStore } from '../store/store.ts';
import { RUN_FILE, type RunFile, removeRunFile } from './client.ts';
import type { UpOptions } from './commands/up.ts';
import { openDaemonLog } from './daemon-log.ts';
import { openDataFolder, openLogFolder } from './data-folder.ts';
import { IncidentDesk } from './incident-desk.ts';
import { openSettings, reloadOnRequest } from './reload.ts';
import { stopSignal } from './stop-signal.ts';
import { version } from './version.ts';
import { webFolder } from './web-folder.ts';

/** Pages are given back when the start, or the training's thread, is over, ms. */
const SETTLED_AFTER_MS = 10_000;

/** What is told of everything that is found here, beside the dashboard. */
export interface Follower {
  tick(tick: Tick): void;
  scan(scan: ProcessScan): void;
  anomaly(anomaly: Anomaly): void;
  breach(breach: Breach): void;
  losses(): readonly Loss[];
  status(): PublishStatus;
  start(): void;
  /** After the last finding. */
  stop(): Promise<void>;
}

/** What a follower may know. */
export interface Followed {
  readonly settings: Settings;
  readonly folder: string;
  readonly host: Host;
  readonly log: Log;
  coverage(): Coverage;
}

/**
 * Collects, learns, detects and serves, all in this process, wired in the order of the flow. Returns when it was told to stop and
 * everything is kept.
 */
export async function runDaemon(
  options: UpOptions,
  follow?: (followed: Followed) => Follower,
): Promise<void> {
  const { settings, reloader } = await openSettings(options);
  const { host: bindTo, port, token, sign_in: signIn } = settings.serve;
  const folder = options.data;
  const door = { host: bindTo, folder, signIn, ...(token && { token }) };
  requireToken(door);
  openDataFolder(folder);

  // What it says about itself.
  const logFolder = openLogFolder(settings.log.folder ?? folder);
  const { log, losses: logLosses } = openDaemonLog(join(logFolder, 'daemon.log'), settings.log.level);
  reloader.onReload('log', ({ level }) => log.setLevel(level), ['folder']);

  // collect
  const host = createLiveHost();
  const scanner = createProcessScanner(host);
  // store
  const { keep_seconds: rawMs, keep_minutes: minuteMs, keep_hours: hourMs, cap } = settings.store;
  const trust = new ClockTrust(clock);
  const store = openStore({
    ...{ folder, clock, capBytes: cap, retention: { rawMs, minuteMs, hourMs }, trust, log },
  });
  // learn, detect
  const scorer = new MachineScorer(await detectorsFor(settings.detect, log));
  const modelFolder = join(folder, 'models');
  const alarmCount = new AlarmCount({
    path: join(folder, 'alarm-count.json'),
    onProblem: (problem) => log.warn(problem),
  });
  let alarmsPerWeek = settings.alarms.per_week;
  const { detectors } = settings.learn;
  const learner = new Learner({
    clock,
    log,
    folder: modelFolder,
    provisionalAfterMs: settings.learn.provisional_after,
    calibratedAfterMs: settings.learn.calibrated_after,
    seed: settings.learn.seed,
    startTraining: (request, onProgress) => {
      // The training reads the file: what still waits in memory belongs to its period.
      store.flush();
      const order = {
        ...{ ...request, source: { folder }, modelFolder, trainedBy: 'daemon' as const },
        ...(detectors && { detectors }),
      };
      const { done, cancel } = givingBack(startTraining(order, onProgress, (message) => log.warn(message)));
      return { done: done.then(({ id }) => id), cancel };
    },
    startComparison: (request) => {
      store.flush();
      return givingBack(startComparison({ ...request, dataFolder: folder, modelFolder }));
    },
    drift: () => scorer.drift(),
    onModel: (model) => {
      scorer.use(model, store, clock.now());
      alarmCount.use(model.id);
    },
  });
  // alert
  const journal = new AnomalyJournal({ path: join(logFolder, 'anomalies.json'), now: () => clock.now() });
  const profiles = new KeptProfiles({
    path: join(folder, 'profiles.json'),
    onProblem: (problem) => log.warn(problem),
  });
  // notify
  let address: string | undefined;
  const notifications = await ReloadableNotifications.open({
    ...{ settings: settings.notify, folder, clock, log, env: process.env, version: version() },
    ...{ address: () => address, nameOf: () => hostname(), history: () => store },
    current: (id) => incidents.archive.named(id)[0],
    advice: (incident) => advisor.advice(incident),
    onDecision: (id, decision) => incidents.told(id, decision),
  });
  const incidents = new IncidentDesk({
    ...{ folder, clock, settings: settings.incidents, trust, log, history: () => store },
    isHost: (_, named) => named === hostname(),
    notify: () => notifications.tell,
  });
  reloader.onReload('incidents', (now) => incidents.use(now));
  reloader.onReload('notify', (now) => notifications.use(now));
  const agent = new Agent({
    clock,
    log,
    hostId: hostId(host),
    machine: { cpus: availableParallelism(), memoryBytes: totalmem() },
    store,
    journal,
    scorer,
    profiles,
    matureAfterMs: settings.learn.provisional_after,
    learn: (at, since) => {
      if (learner.observe(at, unusualSince(incidents.open(), at) ?? since)) scorer.observeUsual(at);
    },
    phase: () => learner.phase(),
    isTraining: () => learner.isWorking(),
    processesMs: () => schedule.intervals().processesMs,
    socketOwners: () => socketOwners(host),
    waitChannel: (pid) => waitChannel(host, pid),
    wakeups: (pid) => wakeups(host, pid),
    anonymousBytes: (pid) => anonymousBytes(host, pid),
    alarmsPerWeek,
    limits: settings.limits,
    onScored: (at) => alarmCount.scored(at),
    onAlarm: (at) => alarmCount.alarmed(at),
    onTick: (tick, score) => {
      manager.looked();
      hub.ticked(tick, score);
      exports.tick(tick);
      incidents.look();
      follower?.tick(tick);
    },
    onScan: (scan) => {
      hub.scanned(scan);
      incidents.scan(scan);
      advisor.scan(scan);
      follower?.scan(scan);
    },
    onAnomaly: (anomaly) => {
      hub.raised(anomaly);
      incidents.signal(anomaly);
      exports.anomaly(anomaly);
      follower?.anomaly(anomaly);
    },
    onBreach: (breach) => {
      hub.breached(breach);
      incidents.signal(breach);
      exports.breach(breach);
      follower?.breach(breach);
    },
  });
  // advise
  const advisor = new Advisor({
    ...{ host, clock, history: store, agent, walksPath: join(folder, WALKS_FILE) },
    machine: { cpus: availableParallelism(), memoryBytes: totalmem() },
  });
  const schedule = new Schedule({
    host,
    clock,
    collectors: collectorsFor(process.platform),
    scanProcesses: (at, full) => scanner.scan(at, full),
    scanBlindSpots: () => scanner.blindSpots(),
    intervals: collectIntervals(settings),
    onTick: (tick) => agent.tick(tick),
    onScan: (scan) => agent.scan(scan),
    onLoss: (loss) => log.warn(`${loss.count} ${loss.what}: ${loss.why}`),
    onNote: (note) => log.info(note),
  });
  const coverage = (): Coverage => {
    const losses = [
      ...schedule.losses(),
      ...store.losses(),
      ...journal.losses(),
      ...incidents.losses(),
      ...notifications.losses(),
      ...exports.losses(),
      ...logLosses(),
    ];
    const all = [...losses, ...(follower?.losses() ?? [])];
    return coverageOf(schedule.reports(), all, clock.now(), store.stats().problem);
  };
  // publish
  const follower = follow?.({ settings, folder, host, log, coverage });
  // serve
  const hub = new Hub({
    clock,
    version: version(),
    dataFolder: folder,
    history: store,
    archive: incidents.archive,
    agent: {
      hostId: hostId(host),
      learning: () => learner.state(),
      coverage,
      intervals: () => schedule.intervals(),
      score: () => scorer.now(),
      bands: () => scorer.bands(),
      processes: () => agent.processes(),
      openAnomalies: () => agent.openAnomalies(),
      openIncidents: () => incidents.open(),
      openBreaches: () => agent.openBreaches(),
      forecasts: () => agent.forecasts(),
      advice: (incident) => advisor.advice(incident),
      profiles: (wanted) => profiles.answer(clock.now(), wanted),
      alarms: () => ({
        wishedPerWeek: alarmsPerWeek,
        model: scorer.alarmRate(alarmsPerWeek),
        sinceModel: alarmCount.ofModel(),
        lately: alarmCount.lately(),
      }),
      publish: () => follower?.status(),
      otlp: () => exports.otlp(),
    },
  });
  // others
  const exports = await exporting({
    ...{ settings: settings.exporters, clock, log, version: version(), hostId: hostId(host) },
    status: () => hub.status(),
    openAnomalies: () => agent.openAnomalies(),
    openIncidents: () => incidents.open(),
    forecasts: () => agent.forecasts(),
    processes: () => agent.processes(),
  });
  incidents.subscribe((incident) => {
    hub.incident(incident);
    exports.incident(incident);
  });
  const { exposition } = exports;
  const manager = new ServiceManager({
    ...{ env: process.env, clock, onProblem: (problem) => log.warn(problem) },
    intervalMs: () => schedule.intervals().metricsMs,
  });
  const server = createServer({
    ...{ ...door, source: hub, exposition, port, webFolder: webFolder(), clock, log },
    feedback: incidents.feedback,
  });

  // A defect ends the program with its stack on standard error; the log keeps it for those who were not there.
  process.on('uncaughtExceptionMonitor', (error) => log.error(error.stack ?? error.message));
  reloader.onReload('alarms', ({ per_week: wished }) => {
    alarmsPerWeek = wished;
    agent.wish(wished);
  });
  reloader.onReload('limits', (limits) => agent.limit(limits));
  const requests = reloadOnRequest({ reloader, log, folder, platform: process.platform });
  const stopped = stopSignal(requests.reload);
  try {
    const served = await server.listen();
    ({ address } = served);
    const run: RunFile = { ...served, pid: process.pid, startedAt: clock.now() };
    writeFileAtomic(join(folder, RUN_FILE), JSON.stringify(run));
    agent.start();
    notifications.start();
    follower?.start();
    exports.start();
    schedule.start();
    log.info(`homeostat ${version()} serves on ${address}`, { pid: process.pid, folder });
    manager.ready(`serves on ${address}`);
    console.log(
      `Homeostat ${version()}  ${address}${token ? `/?token=${token}` : ''}\nSign in     homeostat open prints a link that does, once\nData        ${folder}\n${follower ? `Publishing  to ${follower.status().hub} as ${follower.status().name}\n` : ''}Learning    homeostat status shows how far it is; Ctrl-C ends it`,
    );
    setTimeout(giveBackPages, SETTLED_AFTER_MS).unref();
    keepGivingBack();
    const reason = await stopped;
    log.info(`stops: ${reason}`);
  } finally {
    manager.stopping();
    requests.stop();
    await schedule.stop();
    learner.stop();
    agent.stop();
    await follower?.stop();
    await exports.stop();
    alarmCount.save();
    profiles.save();
    await server.close();
    journal.close();
    incidents.write();
    await notifications.stop();
    incidents.close();
    store.close();
    removeRunFile(folder);
    exports.end();
  }
  const lost = store.losses().find(({ what }) => what === 'samples not stored');
  if (lost)
    throw new UserError(
      `${lost.count} samples could not be stored: ${lost.why}; see that ${folder} has room and can be written`,
      1,
    );
}

/** A thread leaves memory behind: it is given back when the rows that it may have marked are over. */
function givingBack<T>(run: Run<T>): Run<T> {
  run.done.finally(() => setTimeout(giveBackPages, SETTLED_AFTER_MS).unref()).catch(() => {});
  return run;
}

/** Only what is set: what is left out adapts to power and heat. */
function collectIntervals({ collect }: Settings): { metricsMs?: number; processesMs?: number } {
  const { metrics_interval: metricsMs, processes_interval: processesMs } = collect;
  return { ...(metricsMs && { metricsMs }), ...(processesMs && { processesMs }) };
}
