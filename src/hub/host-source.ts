import type { Facts } from '../fleet/facts.ts';
import type { FleetHost, HostChange } from '../fleet/fleet-host.ts';
import type { Clock } from '../lib/clock.ts';
import type { Severity } from '../model/anomaly.ts';
import type { History } from '../model/history.ts';
import type { HostSummary } from '../model/host.ts';
import type { ProfilesAnswer } from '../model/profile.ts';
import type { Band } from '../model/score.ts';
import type { ScoreNow, ToldStatus } from '../model/status.ts';
import type { LiveEvent, ProcessList, Source } from '../serve/source.ts';

/** How often the live stream carries the whole status. */
const STATUS_EVERY_MS = 5000;
const WORST_FIRST: readonly Severity[] = ['HIGH', 'MEDIUM', 'LOW'];

export interface HostSourceOptions {
  readonly host: FleetHost;
  /** As the list of hosts has it. */
  readonly summary: () => HostSummary;
  readonly clock: Clock;
  /** Where its history is. */
  readonly folder: string;
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

  status(): ToldStatus {
    const { host, summary, clock, folder } = this.#options;
    const { facts } = host;
    const { about, coverage } = facts;
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
      ...(coverage && { coverage: { ...coverage, collectors: [] } }),
      presence: {
        state,
        everyMs: Math.round(facts.intervalMs),
        ...(since !== undefined && { since }),
        ...(seenAt !== undefined && { seenAt }),
      },
      store: host.historyStats(),
    };
  }

  processes(): ProcessList | undefined {
    const { host } = this.#options;
    const processes = host.processes();
    if (processes.length === 0) return undefined;
    return { at: host.processesAt ?? host.facts.seenAt, processes, unreadable: {} };
  }

  /** Profiles stay on the host that learned them. */
  profiles(): ProfilesAnswer {
    return { profiles: [], forgotten: 0 };
  }

  /** So do its bands. */
  bands(): Readonly<Record<string, Band>> {
    return {};
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    let sentAt = Number.NEGATIVE_INFINITY;
    return this.#options.host.subscribe((change) => {
      listener(this.#liveEvent(change));
      const now = this.#options.clock.monotonic();
      if (now - sentAt < STATUS_EVERY_MS && change.type !== 'anomaly') return;
      sentAt = now;
      listener({ type: 'status', status: this.status() });
    });
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
