import type { Incident } from '../model/incident.ts';
import type { IncidentArchive } from '../model/incident-archive.ts';
import { HttpError } from './http-error.ts';
import { decoded, Parameters, quoted } from './parameters.ts';

/** Series of evidence in one answer. */
const MOST_METRICS = 32;

/**
 * What is below `incidents`: the list, one of them by its id or how that begins, and its evidence. `ofHub`: `host` narrows them to one host.
 * Undefined for another path. Throws HttpError.
 */
export function answerOfIncidents(
  archive: IncidentArchive,
  path: string,
  query: URLSearchParams,
  ofHub: boolean,
): unknown {
  const match = /^incidents(?:\/([^/]+)(\/evidence)?)?$/.exec(path);
  if (!match) return undefined;
  const [, id, evidence] = match;
  if (id === undefined) return { incidents: archive.list(listQuery(query, ofHub)) };
  const host = ofHub ? ['host'] : [];
  const parameters = new Parameters(query, evidence ? ['metric', ...host] : host, ['metric']);
  const incident = namedIncident(archive, decoded(id));
  if (!evidence) return incident;
  const asked = parameters.all('metric');
  if (asked.length > MOST_METRICS)
    throw new HttpError(400, `${asked.length} metrics in one request: ask for at most ${MOST_METRICS}`);
  const broken = incident.metrics.map(({ metric }) => metric);
  const { series, frames, scans } = archive.evidence(incident.id, new Set(asked.length > 0 ? asked : broken));
  return {
    ...{ id: incident.id, series, scans },
    frames: frames.map(({ metric, at, value }) => ({
      ...{ metric, at: Array.from(at), value: Array.from(value) },
    })),
  };
}

function listQuery(query: URLSearchParams, ofHub: boolean) {
  const parameters = new Parameters(query, ['from', 'to', 'limit', 'open', ...(ofHub ? ['host'] : [])]);
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

/** The one incident whose id begins so. Throws HttpError. */
export function namedIncident(archive: IncidentArchive, id: string): Incident {
  const [incident, other] = archive.named(id);
  if (!incident)
    throw new HttpError(404, `no incident is called ${quoted(id)}: /api/v1/incidents lists what is known`);
  if (other) throw new HttpError(404, `several incidents are called ${quoted(id)}: give more of the id`);
  return incident;
}
