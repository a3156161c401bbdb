import type { Clock } from '../../src/lib/clock.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';
import type { BusStatus } from '../../src/model/bus.ts';
import type { HostSummary } from '../../src/model/host.ts';
import type { IncidentArchive } from '../../src/model/incident-archive.ts';
import type { ToldStatus } from '../../src/model/status.ts';
import type { HubSource, Source } from '../../src/serve/source.ts';
import { fixtureArchive } from './fixture-archive.ts';
import { FixtureSource } from './fixture-source.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Generated hosts of a small shop: most are up, one is silent, one was stopped, one has never come. */
export class FixtureHub implements HubSource {
  readonly #clock: Clock;
  readonly machine: FixtureSource;

  /** As many more hosts, all well. */
  readonly #more: number;

  constructor(clock: Clock, more = 0) {
    this.#clock = clock;
    this.#more = more;
    this.machine = new FixtureSource(clock);
  }

  hosts(): readonly HostSummary[] {
    const now = this.#clock.now();
    const about = { os: 'linux', osVersion: '6.12.9', version: '0.1.0', cpus: 4, memory: 8 * 2 ** 30 };
    const up = (name: string, score: number): HostSummary => ({
      ...{ name, state: 'up', since: now - 40 * HOUR, firstSeenAt: now - 90 * HOUR, seenAt: now - 4000 },
      ...{ ...about, score: { at: now, value: score }, openAnomalies: 0, healthy: true },
    });
    return [
      { ...up('db-1', 0.4), cpus: 16, memory: 64 * 2 ** 30 },
      { ...up('shop-eu-1', 4.6), openAnomalies: 1, worst: 'HIGH' },
      { ...up('shop-eu-2', 1.1), healthy: false },
      {
        ...{ ...up('shop-us-1', 0.2), state: 'silent', since: now - 7 * MINUTE },
        ...{ seenAt: now - 7 * MINUTE, openAnomalies: 1, worst: 'MEDIUM' },
      },
      { ...up('build-7', 0.1), state: 'stopped', since: now - 11 * HOUR, seenAt: now - 11 * HOUR },
      { name: 'new-1', state: 'never', openAnomalies: 0 },
      ...Array.from({ length: this.#more }, (_, index) => up(`web-${index + 1}`, 0.1)),
    ];
  }

  host(name: string): Source | undefined {
    const summary = this.hosts().find((host) => host.name === name);
    if (!summary) return undefined;
    const { machine } = this;
    return {
      history: machine.history,
      archive: machine.archive,
      status: () => told(machine, summary),
      processes: () => machine.processes(),
      process: (id) => machine.process(id),
      profiles: () => ({ profiles: [], forgotten: 0 }),
      forecasts: () => [],
      advice: () => machine.advice(),
      bands: () => ({}),
      subscribe: (listener) => machine.subscribe((event) => event.type !== 'status' && listener(event)),
    };
  }

  get archive(): IncidentArchive {
    return fixtureArchive(this.anomalies({ limit: 100 }));
  }

  anomalies({ limit }: { readonly limit: number }): readonly Anomaly[] {
    const now = this.#clock.now();
    const [miner] = this.machine.history.anomalies({ limit: 1 });
    const silence: Anomaly = {
      ...{ schema: 1, id: 'hub-shop-us-1-silence-1', host: 'shop-us-1', state: 'open', kind: 'silence' },
      ...{ severity: 'MEDIUM', provisional: false, since: now - 7 * MINUTE, raisedAt: now - 6 * MINUTE },
      ...{ score: 4.1, returnPeriodSeconds: 14 * 86_400, metrics: [], culprits: [] },
      sentence:
        'Nothing is heard of shop-us-1 since 14:03:10; it is usually heard every 10 s, and did not say that it stops.',
    };
    return [silence, { ...miner!, host: 'shop-eu-1' }].slice(0, limit);
  }

  bus(): BusStatus {
    throw new Error('no bus runs here');
  }
}

/** What a hub knows of a host: nothing of its learning, its alarms and its cost. */
function told(machine: FixtureSource, { name, state, since, seenAt }: HostSummary): ToldStatus {
  const { learning: _1, alarms: _2, self: _3, intervals: _4, ...rest } = machine.status();
  return {
    ...rest,
    host: { ...rest.host, name },
    coverage: { ...rest.coverage, collectors: [] },
    presence: { state, everyMs: 10_000, ...(since && { since }), ...(seenAt && { seenAt }) },
  };
}
