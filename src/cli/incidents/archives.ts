import { UserError } from '../../lib/errors.ts';
import { printable, truncate } from '../../lib/text.ts';
import type { Evidence, EvidenceFrame } from '../../model/evidence.ts';
import type { Incident } from '../../model/incident.ts';
import type { IncidentArchive, IncidentQuery } from '../../model/incident-archive.ts';
import { hostFolder, hubFolder } from '../hub-folder.ts';
import type { Found } from './intent.ts';

/** What is shown of the time before an incident. */
const BEFORE_MS = 10 * 60_000;

/** Where incidents are: of this machine, and of a hub's hosts. */
interface Place {
  readonly folder: string;
  readonly archive: IncidentArchive;
  /** The folder of the history of one of its hosts. */
  readonly history: (host: string) => string;
}

/** The incidents of a data folder: of this machine, and of all hosts where a hub keeps its data there. */
export async function listIncidents(data: string, query: IncidentQuery): Promise<readonly Incident[]> {
  const found = await withPlaces(data, (places) => places.flatMap(({ archive }) => archive.list(query)));
  return found.toSorted((one, other) => other.since - one.since).slice(0, query.limit);
}

export interface WithEvidence {
  readonly incident: Incident;
  readonly evidence: Evidence;
  /** Of a host of a hub, and not of this machine, whose id means nothing to people. */
  readonly ofHub: boolean;
}

/** The incident whose id begins so. Throws a UserError where there is not exactly one. */
export const findIncident = (data: string, prefix: string): Promise<Found> =>
  withPlaces(data, (places) => {
    const { incident, place } = named(places, prefix);
    return { incident, folder: place.folder, others: place.archive.list({}) };
  });

/** The incident whose id begins so, with the evidence of what broke. Throws a UserError where there is not exactly one. */
export async function readIncident(data: string, prefix: string): Promise<WithEvidence> {
  return await withPlaces(data, async (places) => {
    const { incident, place } = named(places, prefix);
    const metrics = incident.metrics.map(({ metric }) => metric);
    const kept = place.archive.evidence(incident.id, new Set(metrics));
    // What is open is not copied in whole yet: the rest is in the history.
    const frames =
      incident.state === 'closed'
        ? kept.frames
        : await measured(place.history(incident.host), incident, metrics);
    return { incident, evidence: { ...kept, frames }, ofHub: place.folder !== data };
  });
}

async function measured(
  folder: string,
  { since }: Incident,
  metrics: readonly string[],
): Promise<readonly EvidenceFrame[]> {
  const { withHistory } = await import('../with-history.ts');
  const period = { from: since - BEFORE_MS, to: Date.now() };
  return await withHistory(folder, ({ query }) =>
    query({ metrics, ...period, resolution: 1, maxPoints: 10_000 }).frames.map(({ metric, at, mean }) => ({
      ...{ metric, at, value: mean },
    })),
  );
}

function named(
  places: readonly Place[],
  prefix: string,
): { readonly incident: Incident; readonly place: Place } {
  const found = places.flatMap((place) =>
    place.archive.named(prefix).map((incident) => ({ incident, place })),
  );
  const [first, second] = found;
  const id = printable(truncate(prefix, 40));
  if (!first) throw new UserError(`no incident's id begins with '${id}'; 'homeostat incidents' lists them`);
  if (second) throw new UserError(`several incidents' ids begin with '${id}'; give more of it`);
  return first;
}

async function withPlaces<T>(data: string, use: (places: readonly Place[]) => T | Promise<T>): Promise<T> {
  const { openIncidents } = await import('../../store/incident-file.ts');
  const hub = hubFolder(data);
  const [own, ofHub] = [openIncidents(data), openIncidents(hub)];
  try {
    return await use([
      ...(own ? [{ archive: own, folder: data, history: () => data }] : []),
      ...(ofHub ? [{ archive: ofHub, folder: hub, history: (host: string) => hostFolder(data, host) }] : []),
    ]);
  } finally {
    own?.close();
    ofHub?.close();
  }
}
