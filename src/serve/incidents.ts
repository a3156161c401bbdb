import type { Incident } from '../model/incident.ts';
import type { IncidentArchive } from '../model/incident-archive.ts';
import { HttpError } from './http-error.ts';
import { type Parameters, quoted } from './parameters.ts';
import type { Asked } from './route.ts';

/** Series of evidence in one answer. */
const MOST_METRICS = 32;

/** The incidents that the parameters ask for. */
export const incidents = ({ origin, parameters }: Asked) => ({
  incidents: origin.archive.list(listQuery(parameters)),
});

/** The one whose id is that, or begins so. Throws HttpError 404 where there is not exactly one. */
export const incidentOf = ({ origin, id }: Asked): Incident => namedIncident(origin.archive, id);

/** What was kept of it: of the series that are asked for, or of what broke. */
export function evidence(asked: Asked) {
  const { origin, parameters } = asked;
  const incident = incidentOf(asked);
  const metrics = parameters.all('metric');
  if (metrics.length > MOST_METRICS)
    throw new HttpError(400, `${metrics.length} metrics in one request: ask for at most ${MOST_METRICS}`);
  const broken = incident.metrics.map(({ metric }) => metric);
  const wanted = new Set(metrics.length > 0 ? metrics : broken);
  const { series, frames, scans } = origin.archive.evidence(incident.id, wanted);
  return {
    ...{ id: incident.id, series, scans },
    frames: frames.map(({ metric, at, value }) => ({
      ...{ metric, at: Array.from(at), value: Array.from(value) },
    })),
  };
}

function listQuery(parameters: Parameters) {
  const from = parameters.time('from');
  const to = parameters.time('to');
  if (from !== undefined && to !== undefined && from >= to)
    throw new HttpError(400, `the period from ${from} to ${to} is empty: 'from' must lie before 'to'`);
  const host = parameters.text('host');
  return {
    limit: parameters.integer('limit', 1, 10_000) ?? 200,
    ...(parameters.choice('open', ['true', 'false']) === 'true' && { isOpen: true as const }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(host !== undefined && { host }),
  };
}

/** The one incident whose id begins so. Throws HttpError 404. */
export function namedIncident(archive: IncidentArchive, id: string): Incident {
  const [incident, other] = archive.named(id);
  if (!incident)
    throw new HttpError(404, `no incident is called ${quoted(id)}: /api/v1/incidents lists what is known`);
  if (other) throw new HttpError(404, `several incidents are called ${quoted(id)}: give more of the id`);
  return incident;
}
