import type { Evidence } from './evidence.ts';
import type { Incident } from './incident.ts';

/** Which incidents are asked for: those that overlap the period, newest first. */
export interface IncidentQuery {
  /** ms since the epoch. */
  readonly from?: number;
  readonly to?: number;
  readonly host?: string;
  readonly isOpen?: true;
  readonly limit?: number;
}

/** Incidents as their readers see them: the HTTP API, the command line. */
export interface IncidentArchive {
  list(query: IncidentQuery): readonly Incident[];
  /** Those whose id begins so, two at most: one is the one that is meant. */
  named(prefix: string): readonly Incident[];
  /** What was kept of an incident, of the series that are `wanted`. */
  evidence(incident: string, wanted: ReadonlySet<string>): Evidence;
}
