import { readFileSync } from 'node:fs';
import { advise, recommendationsFor } from '../advise/advise.ts';
import { RestartWatch } from '../advise/restarts.ts';
import { metricsOf, type Situation } from '../advise/situation.ts';
import { growthOf, type Walks } from '../advise/walks.ts';
import { controlGroup } from '../collect/container/control-group.ts';
import type { Host } from '../collect/host.ts';
import { linkSpeed } from '../collect/network/link-speed.ts';
import { fileLimit } from '../collect/process/file-limit.ts';
import type { Clock } from '../lib/clock.ts';
import type { Anomaly, Culprit } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { History } from '../model/history.ts';
import type { Incident } from '../model/incident.ts';
import type { ProcessScan } from '../model/process.ts';
import type { Advice } from '../model/recommendation.ts';

/** Sizes of folders that `homeostat recommend --walk` left, in the data folder. */
export const WALKS_FILE = 'walks.json';

export interface AdvisorOptions {
  readonly host: Host;
  readonly clock: Clock;
  readonly machine: { readonly cpus: number; readonly memoryBytes: number };
  readonly history: History;
  readonly agent: {
    processes(): ProcessScan | undefined;
    openAnomalies(): readonly Anomaly[];
    openBreaches(): readonly Breach[];
    blame(key: string): readonly Culprit[];
  };
  readonly walksPath: string;
}

const PAST_MS = 1_800_000;

/** What could be done now, when somebody asks: only restarts of services are watched all the time. */
export class Advisor {
  readonly #options: AdvisorOptions;
  readonly #restarts = new RestartWatch();

  constructor(options: AdvisorOptions) {
    this.#options = options;
  }

  scan(scan: ProcessScan): void {
    this.#restarts.observe(scan);
  }

  advice(incident?: Incident): Advice {
    const situation = this.#situation();
    const advice = advise(situation);
    return incident ? { ...advice, recommendations: recommendationsFor(incident, situation) } : advice;
  }

  #situation(): Situation {
    const { agent, clock, history, host, machine, walksPath } = this.#options;
    const at = clock.now();
    return {
      ...{ at, ...machine, metrics: metricsOf(history, at), processes: agent.processes()?.processes ?? [] },
      past: (id) => history.processHistory(id, at - PAST_MS, at),
      anomalies: agent.openAnomalies(),
      breaches: agent.openBreaches(),
      blame: (key) => agent.blame(key),
      fileLimit: (pid) => fileLimit(host, pid),
      group: (path) => controlGroup(host, path),
      linkSpeed: (name) => linkSpeed(host, name),
      walks: growthOf(readWalks(walksPath)),
      restarts: this.#restarts.restarts(at),
    };
  }
}

/** None where the file is not there, or is not what was written there. */
export function readWalks(path: string): Walks {
  try {
    const walks = JSON.parse(readFileSync(path, 'utf8')) as Walks | null;
    return typeof walks === 'object' && walks !== null ? walks : {};
  } catch {
    return {};
  }
}
