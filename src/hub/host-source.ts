import { advise, recommendationsFor } from '../advise/advise.ts';
import { metricsOf, type Situation } from '../advise/situation.ts';
import type { Facts } from '../fleet/facts.ts';
import { type FleetHost, type HostChange, MOST_PROCESSES } from '../fleet/fleet-host.ts';
import type { Clock } from '../lib/clock.ts';
import { forecastsOf } from '../limits/limits.ts';
import type { Severity } from '../model/anomaly.ts';
import type { Forecast } from '../model/breach.ts';
import type { Coverage, Loss } from '../model/coverage.ts';
import type { History } from '../model/history.ts';
import type { HostSummary } from '../model/host.ts';
import type { Incident } from '../model/incident.ts';
import type { IncidentArchive } from '../model/incident-archive.ts';
import type { ListedProcess } from '../model/process.ts';
import type { ProfilesAnswer } from '../model/profile.ts';
import type { Advice } from '../model/recommendation.ts';
import type { Band } from '../model/score.ts';
import type { ScoreNow, ToldStatus } from '../model/status.ts';
import type { LiveEvent, ProcessList, Source } from '../serve/source.ts';

/** How often the live stream carries the whole status. */
const STATUS_EVERY_MS = 5000;
/** For so long the host is not seen in whole because the hub could not keep or judge something of it, ms. */
const RECENT_MS = 10 * 60_000;
const WORST_FIRST: readonly Severity[] = ['HIGH', 'MEDIUM', 'LOW'];

/** The incidents of all hosts, and what happens to them. */
export interface HubIncidents {
  readonly archive: IncidentArchive;
  /** What a host told and is in none, because it told too much. */
  refused(host: string): readonly Loss[];
  /** Calls `listener` for each change until the returned function is called. */
  subscribe(listener: (incident: Incident) => void): () => void;
}

const PAST_MS = 1_800_000;

export interface HostSourceOptions {
  readonly host: FleetHost;
  /** As the list of hosts has it. */
  readonly summary: () => HostSummary;
  readonly clock: Clock;
  /** Where its history is. */
  readonly folder: string;
  /** Why the hub can take nothing of it now. */
  readonly problem: () => string | undefined;
  readonly incidents: HubIncidents;
}

/** One host of the hub as the dashboard and the command line see it: what it said, and nothing that it did not say. */
export class HostSource implements Source {
  readonly #options: HostSourceOptions;

  constructor(options: HostSourceOptions) {
    this.#options = options;
  }

  get history(): History {
    return this.#options.host.history;
  }

  get archive(): IncidentArchive {
    const { host, incidents } = this.#options;
    const { archive } = incidents;
    return {
      list: (query) => archive.list({ ...query, host: host.name }),
      named: (prefix) => archive.named(prefix),
      evidence: (incident, wanted) => archive.evidence(incident, wanted),
    };
  }

  status(): ToldStatus {
    const { host, summary, clock, folder } = this.#options;
    const { facts } = host;
    const { about } = facts;
    const coverage = this.#coverage();
    const { state, since, seenAt, openAnomalies } = summary();
    return {
      ...(about && { version: about.agentVersion }),
      host: {
        ...{ name: host.name, id: host.name },
        ...(about && { os: about.osType, kernel: about.osVersion }),
        ...(about && { cpus: about.cpus, memory: about.memoryBytes }),
      },
      ...{ at: clock.now(), dataFolder: folder },
      score: scoreOf(facts),
      lastSampleAt: facts.metricsAt,
      openAnomalies,
      openIncidents: this.archive.list({ isOpen: true }).length,
      limits: { open: Object.values(facts.breaches ?? {}) },
      ...(coverage && { coverage }),
      presence: {
        state,
        everyMs: Math.round(facts.intervalMs),
        ...(since !== undefined && { since }),
        ...(seenAt !== undefined && { seenAt }),
      },
      store: host.historyStats(),
    };
  }

  /** What it said, what the hub could not keep or judge of it, and why the hub takes nothing now. */
  #coverage(): Coverage | undefined {
    const { host, problem, clock, incidents } = this.#options;
    const { coverage, processesDropped } = host.facts;
    const why = problem();
    const refused = incidents.refused(host.name);
    if (!coverage && !processesDropped && refused.length === 0 && why === undefined) return undefined;
    const { healthy, losses } = coverage ?? { healthy: true, losses: [] };
    const { count, size } = MOST_PROCESSES;
    const forgotten = processesDropped && {
      ...{ what: 'processes that the hub forgot', ...processesDropped },
      why: `it keeps at most ${count} of a host, and ${size} characters`,
    };
    const own = forgotten ? [...refused, forgotten] : refused;
    const lately = own.some(({ lastAt }) => clock.now() - lastAt <= RECENT_MS);
    return {
      ...{ healthy: healthy && why === undefined && !lately, collectors: [] },
      losses: [...losses, ...own],
      ...(why !== undefined && { storeProblem: `the hub takes no events: ${why}` }),
    };
  }

  processes(): ProcessList | undefined {
    const { host } = this.#options;
    const total = host.countProcesses();
    if (total === 0) return undefined;
    const at = host.processesAt ?? host.facts.seenAt;
    return { at, processes: host.processes(), total, unreadable: {} };
  }

  process(id: string): ListedProcess | undefined {
    return this.#options.host.process(id);
  }

  /** Profiles stay on the host that learned them. */
  profiles(): ProfilesAnswer {
    return { profiles: [], forgotten: 0 };
  }

  /** Made of what it said; its own settings are not known here. */
  forecasts(): readonly Forecast[] {
    return forecastsOf(this.history, this.#options.clock.now());
  }

  /** Made of what it said: what only the host itself can look up is not known here. */
  advice(incident?: Incident): Advice {
    const { clock, host } = this.#options;
    const at = clock.now();
    const { about, breaches = {} } = host.facts;
    const situation: Situation = {
      ...{ at, cpus: about?.cpus ?? 1, memoryBytes: about?.memoryBytes ?? Number.POSITIVE_INFINITY },
      ...{ metrics: metricsOf(this.history, at), processes: [...host.processes()] },
      past: (id) => this.history.processHistory(id, at - PAST_MS, at),
      anomalies: this.history.anomalies({ from: at - PAST_MS }).filter(({ state }) => state === 'open'),
      breaches: Object.values(breaches),
      ...{ blame: () => [], fileLimit: () => undefined, group: () => undefined, linkSpeed: () => undefined },
      ...{ walks: new Map(), restarts: [] },
    };
    const advice = advise(situation);
    return incident ? { ...advice, recommendations: recommendationsFor(incident, situation) } : advice;
  }

  /** So do its bands. */
  bands(): Readonly<Record<string, Band>> {
    return {};
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    const { host, incidents } = this.#options;
    let sentAt = Number.NEGATIVE_INFINITY;
    const unsubscribe = incidents.subscribe((incident) => {
      if (incident.host === host.name) listener({ type: 'incident', incident });
    });
    const leave = host.subscribe((change) => {
      listener(this.#liveEvent(change));
      const now = this.#options.clock.monotonic();
      if (now - sentAt < STATUS_EVERY_MS && change.type !== 'anomaly') return;
      sentAt = now;
      listener({ type: 'status', status: this.status() });
    });
    return () => {
      unsubscribe();
      leave();
    };
  }

  #liveEvent(change: HostChange): LiveEvent {
    if (change.type !== 'sample') return change;
    return { ...change, score: scoreOf(this.#options.host.facts) };
  }
}

/** A severity is what the host itself raised: the hub does not know its thresholds. */
function scoreOf({ score, open }: Facts): ScoreNow | undefined {
  if (!score) return undefined;
  const raised = Object.values(open);
  return { ...score, severity: WORST_FIRST.find((severity) => raised.includes(severity)) };
}
