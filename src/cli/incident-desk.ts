import { Incidents } from '../alert/incidents/incidents.ts';
import type { IncidentMemory } from '../alert/incidents/kept.ts';
import { DEFAULT_POLICY } from '../alert/incidents/policy.ts';
import type { Clock } from '../lib/clock.ts';
import type { Loss } from '../model/coverage.ts';
import type { Incident, Notice, Signal } from '../model/incident.ts';
import { IncidentFile } from '../store/incident-file.ts';

export interface IncidentDeskOptions {
  /** Where they are kept. */
  readonly folder: string;
  readonly clock: Clock;
  readonly onIncident: (incident: Incident) => void;
  /** Tells people; left out: nobody is to be told. */
  readonly notify?: (notice: Notice) => void;
}

/** Signals -> incidents, kept: of this machine, or of all hosts of a hub. */
export interface IncidentDesk {
  signal(signal: Signal): void;
  /** To be called every second or so. */
  look(): void;
  losses(): readonly Loss[];
  close(): void;
}

/** Goes on with what an earlier run left open. Throws UserError where the incidents cannot be opened. */
export function openIncidentDesk({ folder, clock, onIncident, notify }: IncidentDeskOptions): IncidentDesk {
  const file = new IncidentFile<IncidentMemory>({ folder, clock });
  const incidents = new Incidents({
    policy: DEFAULT_POLICY,
    onChange: (kept) => {
      file.keep(kept);
      onIncident(kept.incident);
    },
    ...(notify && { notify }),
  });
  const startedAt = clock.now();
  incidents.restore(file.left(startedAt - DEFAULT_POLICY.reopenWithinMs), startedAt);
  return {
    signal: (signal) => incidents.signal(signal, clock.now()),
    look: () => incidents.look(clock.now()),
    losses: () => file.losses(),
    close: () => file.close(),
  };
}
