import type { Decision, Incident, Notice, Signal } from '../../model/incident.ts';
import { causeOf, isOneWith } from './cause.ts';
import { begin, close, comeBack, decide, isGraver, type KeptIncident, take } from './kept.ts';
import type { IncidentPolicy } from './policy.ts';

export interface IncidentsOptions {
  readonly policy: IncidentPolicy;
  /** Called with each incident as it opened, changed or closed, and with each decision about it. */
  readonly onChange: (kept: KeptIncident) => void;
  /** Tells people. Left out: nobody is to be told. */
  readonly notify?: (notice: Notice) => void;
}

const HOUR = 3_600_000;

/**
 * Signals -> incidents: what has one cause at one time is one thing for a person to act on. All time comes from outside, so
 * that history replayed gives the same incidents with the same ids.
 */
export class Incidents {
  readonly #options: IncidentsOptions;
  /** What is open, and what may still come back, by id; oldest first. */
  readonly #kept = new Map<string, KeptIncident>();
  /** Which incident a signal belongs to. */
  readonly #homes = new Map<string, string>();

  constructor(options: IncidentsOptions) {
    this.#options = options;
  }

  /**
   * Goes on with what an earlier run left. Nobody watched it since: what was open counts as over at `at` unless it is told again.
   * To be called once, before the first signal.
   */
  restore(left: readonly KeptIncident[], at: number): void {
    for (const { incident, memory } of left.toSorted((a, b) => a.incident.openedAt - b.incident.openedAt)) {
      for (const { id } of incident.signals) this.#homes.set(id, incident.id);
      const quietSince = memory.quietSince ?? at;
      this.#kept.set(incident.id, { incident, memory: { ...memory, openSignals: [], quietSince } });
    }
  }

  /** A signal opened, changed or closed; `at`: now, ms since the epoch. */
  signal(signal: Signal, at: number): void {
    this.look(at);
    const home = this.#homeOf(signal, at);
    this.#homes.set(signal.id, this.#put(this.#taken(home, signal, at), at));
  }

  #taken(home: KeptIncident | undefined, signal: Signal, at: number): KeptIncident {
    if (!home) return begin(signal, at);
    const taken = take(home, signal, at);
    const isBack = home.incident.state === 'closed' && signal.state === 'open';
    return isBack ? comeBack(taken, at, HOUR) : taken;
  }

  /** Time passes: what was quiet for long enough closes, and what waited to be told is told. To be called every second or so. */
  look(at: number): void {
    const { closeAfterMs, reopenWithinMs } = this.#options.policy;
    for (const [id, kept] of this.#kept) {
      const { incident, memory } = kept;
      const { quietSince } = memory;
      if (incident.state === 'open' && quietSince !== undefined && at - quietSince >= closeAfterMs)
        this.#put(close(kept, at), at);
      else if (incident.closedAt !== undefined && at - incident.closedAt > reopenWithinMs) this.#forget(id);
    }
  }

  /** What is open now, oldest first. */
  open(): readonly Incident[] {
    return [...this.#kept.values()].flatMap(({ incident }) => (incident.state === 'open' ? [incident] : []));
  }

  #homeOf(signal: Signal, at: number): KeptIncident | undefined {
    const known = this.#kept.get(this.#homes.get(signal.id) ?? '');
    if (known) return known;
    const { reopenWithinMs } = this.#options.policy;
    const cause = causeOf(signal);
    const alike = [...this.#kept.values()].filter(
      ({ incident, memory }) => incident.host === signal.host && isOneWith(cause, memory),
    );
    return (
      alike.findLast(({ incident }) => incident.state === 'open') ??
      alike.findLast(({ incident: { closedAt } }) => at - (closedAt ?? at) <= reopenWithinMs)
    );
  }

  /** The id of the incident. */
  #put(kept: KeptIncident, at: number): string {
    const decided = this.#decided(kept, at);
    this.#kept.set(decided.incident.id, decided);
    this.#options.onChange(decided);
    return decided.incident.id;
  }

  #forget(id: string): void {
    this.#kept.delete(id);
    for (const [signal, home] of this.#homes) if (home === id) this.#homes.delete(signal);
  }

  #decided(kept: KeptIncident, at: number): KeptIncident {
    const what = dueOf(kept);
    if (!what) return kept;
    const { incident } = kept;
    const { notify } = this.#options;
    notify?.({ what, at, incident });
    const decision: Decision = notify
      ? { at, what, told: true, why: 'handed to the channels' }
      : { at, what, told: false, why: 'no channel is set up' };
    return decide(kept, decision, { at, severity: incident.severity, state: incident.state });
  }
}

/** What people do not know yet of an incident. */
function dueOf({ incident, memory: { told, openSignals } }: KeptIncident): Decision['what'] | undefined {
  const { state, severity } = incident;
  if (!told) return openSignals.length > 0 ? 'opened' : undefined;
  if (state !== told.state) return state === 'open' ? 'opened' : 'closed';
  return state === 'open' && isGraver(severity, told.severity) ? 'risen' : undefined;
}
