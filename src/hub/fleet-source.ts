import type { Fleet } from '../fleet/fleet.ts';
import type { Clock } from '../lib/clock.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { BusStatus } from '../model/bus.ts';
import type { HostSummary } from '../model/host.ts';
import type { HubSource, Source } from '../serve/source.ts';
import { HostSource, newest } from './host-source.ts';

export interface FleetSourceOptions {
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly version: string;
  /** The folder of a host's history. */
  readonly folder: (host: string) => string;
  readonly bus: () => BusStatus;
  readonly metrics: () => string;
}

/** All hosts of the hub as the API shows them. */
export class FleetSource implements HubSource {
  readonly #options: FleetSourceOptions;

  constructor(options: FleetSourceOptions) {
    this.#options = options;
  }

  hosts(): readonly HostSummary[] {
    return this.#options.fleet.summaries();
  }

  host(name: string): Source | undefined {
    const { fleet, clock, version, folder } = this.#options;
    const host = fleet.host(name);
    return host && new HostSource({ host, clock, version, folder: folder(name) });
  }

  anomalies(query: {
    readonly from?: number;
    readonly to?: number;
    readonly limit: number;
  }): readonly Anomaly[] {
    const { fleet } = this.#options;
    return newest(
      fleet.names().map((name) => fleet.host(name)!.history.anomalies(query)),
      query.limit,
    );
  }

  bus(): BusStatus {
    return this.#options.bus();
  }

  metrics(): string {
    return this.#options.metrics();
  }
}
