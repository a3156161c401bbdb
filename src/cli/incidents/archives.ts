import { UserError } from '../../lib/errors.ts';
import { printable, truncate } from '../../lib/text.ts';
import type { Evidence, EvidenceFrame } from '../../model/evidence.ts';
import type { Incident } from '../../model/incident.ts';
import type { IncidentArchive, IncidentQuery } from '../../model/incident-archive.ts';
import { hostFolder, hubFolder } from '../hub-folder.ts';

/** Where incidents are: of this machine, and of a hub's hosts. */
interface Place {
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
}

/** The incident whose id begins so, with the evidence of what broke. Throws a UserError where there is not exactly one. */
export async function readIncident(data: string, prefix: string): Promise<WithEvidence> {
  return await withPlaces(data, async (places) => {
    const found = places.flatMap((place) =>
      place.archive.named(prefix).map((incident) => ({ incident, place })),
    );
    const [first, second] = found;
    const id = printable(truncate(prefix, 40));
    if (!first) throw new UserError(`no incident's id begins with '${id}'; 'homeostat incidents' lists them`);
    if (second) throw new UserError(`several incidents' ids begin with '${id}'; give more of it`);
    const { incident, place } = first;
    const metrics = incident.metrics.map(({ metric }) => metric);
    const kept = place.archive.evidence(incident.id, new Set(metrics));
    const { withHistory } = await import('../with-history.ts');
    // What is open is not copied in whole yet: the rest is in the history.
    const frames =
      incident.state === 'closed'
        ? kept.frames
        : await withHistory(place.history(incident.host), ({ query }) => {
            const from = incident.since - 10 * 60_000;
            const answer = query({ metrics, from, to: Date.now(), resolution: 1, maxPoints: 10_000 });
            return answer.frames.map(({ metric, at, mean }): EvidenceFrame => ({ metric, at, value: mean }));
          });
    return { incident, evidence: { ...kept, frames } };
  });
}

async function withPlaces<T>(data: string, use: (places: readonly Place[]) => T | Promise<T>): Promise<T> {
  const { openIncidents } = await import('../../store/incident-file.ts');
  const [own, hub] = [openIncidents(data), openIncidents(hubFolder(data))];
  try {
    return await use([
      ...(own ? [{ archive: own, history: () => data }] : []),
      ...(hub ? [{ archive: hub, history: (host: string) => hostFolder(data, host) }] : []),
    ]);
  } finally {
    own?.close();
    hub?.close();
  }
}
