import type { ToldHost } from '../exporters/prometheus/hub-page.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Clock } from '../lib/clock.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { BusStatus } from '../model/bus.ts';
import type { HostSummary } from '../model/host.ts';
import type { Incident } from '../model/incident.ts';
import type { IncidentArchive } from '../model/incident-archive.ts';
import type { HubSource, Source } from '../serve/source.ts';
import { HostSource, type HubIncidents } from './host-source.ts';

export interface FleetSourceOptions {
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** The folder of a host's history. */
  readonly folder: (host: string) => string;
  /** Who has a certificate of a host, and whether it is let in. */
  readonly enrolled: () => readonly { readonly name: string; readonly welcome: boolean }[];
  /** Why the hub can take nothing of this host now. */
  readonly problem: (host: string) => string | undefined;
  readonly bus: () => BusStatus;
  readonly incidents: HubIncidents & { open(): readonly Incident[] };
}

/** All hosts of the hub as the API shows them. */
export class FleetSource implements HubSource {
  readonly #options: FleetSourceOptions;

  constructor(options: FleetSourceOptions) {
    this.#options = options;
  }

  /** Those that were heard, and those that were enrolled and not heard yet. */
  hosts(): readonly HostSummary[] {
    const { fleet, enrolled } = this.#options;
    const listed = new Map(fleet.summaries().map((summary) => [summary.name, summary]));
    for (const { name, welcome } of enrolled()) {
      const heard = listed.get(name);
      if (!heard) listed.set(name, { name, state: welcome ? 'never' : 'revoked', openAnomalies: 0 });
      else if (!welcome) listed.set(name, { ...heard, state: 'revoked' });
    }
    return [...listed.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** The same with what each told last. */
  told(): readonly ToldHost[] {
    const { fleet, incidents } = this.#options;
    const open = Map.groupBy(incidents.open(), ({ host }) => host);
    return this.hosts().map((summary) => ({
      ...{ summary, latest: fleet.host(summary.name)?.latest },
      openIncidents: open.get(summary.name)?.length ?? 0,
    }));
  }

  host(name: string): Source | undefined {
    const { fleet, clock, folder, problem, incidents } = this.#options;
    const host = fleet.host(name);
    const summary = () => this.hosts().find((one) => one.name === name) ?? host!.summary();
    return (
      host &&
      new HostSource({ host, summary, clock, folder: folder(name), problem: () => problem(name), incidents })
    );
  }

  anomalies(query: {
    readonly from?: number;
    readonly to?: number;
    readonly limit: number;
  }): readonly Anomaly[] {
    return this.#options.fleet.anomalies(query);
  }

  get archive(): IncidentArchive {
    return this.#options.incidents.archive;
  }

  bus(): BusStatus {
    return this.#options.bus();
  }
}
