import { Incidents } from '../../src/alert/incidents/incidents.ts';
import { DEFAULT_POLICY } from '../../src/alert/incidents/policy.ts';
import type { Evidence } from '../../src/model/evidence.ts';
import type { Incident, Signal } from '../../src/model/incident.ts';
import type { IncidentArchive } from '../../src/model/incident-archive.ts';

const NO_EVIDENCE: Evidence = { series: [], frames: [], scans: [] };

/** The incidents that signals make, each as it is now; `evidenceOf`: what was kept of one. */
export function fixtureArchive(
  signals: readonly Signal[],
  evidenceOf: (incident: Incident) => Evidence = () => NO_EVIDENCE,
): IncidentArchive {
  const made = new Map<string, Incident>();
  const incidents = new Incidents({
    policy: DEFAULT_POLICY,
    onChange: ({ incident }) => made.set(incident.id, incident),
  });
  for (const signal of signals.toSorted((one, other) => one.raisedAt - other.raisedAt)) {
    const { closedAt, ...open } = signal;
    incidents.signal({ ...open, state: 'open' }, signal.raisedAt);
    if (closedAt !== undefined) incidents.signal(signal, closedAt);
  }
  const newestFirst = (): Incident[] => [...made.values()].sort((one, other) => other.since - one.since);
  return {
    list: ({ host, isOpen, from = 0, to = Number.POSITIVE_INFINITY, limit }) =>
      newestFirst()
        .filter((one) => (host === undefined || one.host === host) && (!isOpen || one.state === 'open'))
        .filter(({ since, closedAt = to }) => since < to && closedAt >= from)
        .slice(0, limit),
    named: (prefix) => newestFirst().filter(({ id }) => id.startsWith(prefix)),
    evidence: (id) => evidenceOf(made.get(id)!),
  };
}
