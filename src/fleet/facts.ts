import type { HostEvent } from '../model/agent-event.ts';
import type { Anomaly, Severity } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { ToldLoss } from '../model/coverage.ts';
import type { HostSummary } from '../model/host.ts';
import type { Standings } from './peers.ts';

/** What the hub remembers of a host. Times are ms since the epoch, by the hub's clock where nothing else is said. */
export interface Facts {
  firstSeenAt: number;
  seenAt: number;
  /** Since when it is up, or in the state that came then. */
  since: number;
  /** When it said that it stops, by its own clock. */
  stoppedAt?: number;
  /** As it said it last. */
  about?: Omit<HostEvent, 'kind' | 'at' | 'state'>;
  /** Usual time between two reports of its metrics, by its own clock, ms. */
  intervalMs: number;
  /** Intervals that it was learned from. */
  intervals: number;
  /** Time of its latest metrics, by its own clock. */
  metricsAt?: number;
  score?: { readonly at: number; readonly value: number };
  coverage?: { readonly healthy: boolean; readonly losses: readonly ToldLoss[] };
  /** Processes that the hub forgot because there were too many of them. */
  processesDropped?: { readonly count: number; readonly lastAt: number };
  /** Severity of each open anomaly, by its id. */
  open: Record<string, Severity>;
  /** Its open breaches of limits and forecasts, by id. */
  breaches?: Record<string, Breach>;
  /** The hub's own findings that are open. */
  silence?: Anomaly;
  peers?: Anomaly;
  /** Since when no silence was found. */
  heardSince: number;
  /** Time of its scan of all processes that was told last, by its own clock; until it is used. */
  snapshotAt?: number;
  standings: Standings;
}

/** A host that was never heard before. */
export const newFacts = (at: number): Facts => ({
  ...{ firstSeenAt: at, seenAt: at, since: at, heardSince: at },
  ...{ intervalMs: FIRST_INTERVAL_MS, intervals: 0, open: {}, standings: {} },
});

/** Until two reports were heard. */
const FIRST_INTERVAL_MS = 10_000;
/** Over so many it is learned. */
const INTERVALS = 10;
/** Nobody makes the hub wait longer by what it says. */
const LONGEST_INTERVAL_MS = 600_000;

/** Takes the time of a report into the usual interval. A report that comes late counts little: it is no habit yet. */
export function learnInterval(facts: Facts, at: number): void {
  const gap = at - (facts.metricsAt ?? at);
  facts.metricsAt = at;
  if (gap <= 0) return;
  const usual = facts.intervals === 0 ? gap : Math.min(gap, 3 * facts.intervalMs);
  facts.intervals = Math.min(facts.intervals + 1, INTERVALS);
  const learned = facts.intervalMs + (usual - facts.intervalMs) / facts.intervals;
  facts.intervalMs = Math.min(LONGEST_INTERVAL_MS, learned);
}

const RANK: readonly Severity[] = ['LOW', 'MEDIUM', 'HIGH'];

export function summaryOf(name: string, facts: Facts): HostSummary {
  const { firstSeenAt, seenAt, since, stoppedAt, about, score, coverage, silence, peers } = facts;
  const open = [
    ...Object.values(facts.open),
    ...[silence, peers].flatMap((one) => (one ? [one.severity] : [])),
  ];
  const worst = RANK.findLast((severity) => open.includes(severity));
  return {
    name,
    state: silence ? 'silent' : stoppedAt === undefined ? 'up' : 'stopped',
    since: silence?.since ?? since,
    ...{ firstSeenAt, seenAt },
    ...(about && {
      ...{ os: about.osType, osVersion: about.osVersion, version: about.agentVersion },
      ...{ cpus: about.cpus, memory: about.memoryBytes },
    }),
    ...(score && { score }),
    openAnomalies: open.length,
    ...(worst && { worst }),
    ...(coverage && { healthy: coverage.healthy }),
  };
}
