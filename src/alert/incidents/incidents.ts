import type { Severity } from '../../model/anomaly.ts';
import type { Decision, Incident, Notice, Signal } from '../../model/incident.ts';
import { causeOf, isOneWith } from './cause.ts';
import { IncidentIndex } from './incident-index.ts';
import { begin, close, comeBack, decide, type KeptIncident, take, withDecision } from './kept.ts';
import type { IncidentPolicy } from './policy.ts';
import { dueOf, HANDED, holdOf, NO_CHANNEL } from './telling.ts';

export interface IncidentsOptions {
  readonly policy: IncidentPolicy;
  /** Called with each incident as it opened, changed or closed, and with each decision about it. */
  readonly onChange: (kept: KeptIncident) => void;
  /** What is known of an incident from elsewhere at `at`: why it is expected, and what people said of it. */
  readonly annotate?: (incident: Incident, at: number) => Annotation;
  /** Tells people. Left out: nobody is to be told. */
  readonly notify?: ((notice: Notice) => void) | undefined;
}

/** Incidents of one host that are open, and open signals of one incident: beyond, whoever tells more says nothing that a person can act on. */
export const MOST_OPEN = 200;
/** Whoever has more to tell than once in so long looks around no more often for it, ms. */
const LOOK_MS = 1000;
const SEVERITIES: readonly Severity[] = ['LOW', 'MEDIUM', 'HIGH'];

export type Annotation = Pick<Incident, 'expected' | 'verdict' | 'acknowledged'>;

/**
 * Signals -> incidents: what has one cause at one time is one thing for a person to act on. All time comes from outside, so
 * that history replayed gives the same incidents with the same ids.
 */
export class Incidents {
  readonly #options: IncidentsOptions;
  #policy: IncidentPolicy;
  /** What is open, and what may still come back, by id; oldest first. */
  readonly #kept = new Map<string, KeptIncident>();
  readonly #index = new IncidentIndex();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: IncidentsOptions) {
    this.#options = options;
    this.#policy = options.policy;
  }

  /** Another policy holds from now on. */
  use(policy: IncidentPolicy): void {
    this.#policy = policy;
  }

  /**
   * Goes on with what an earlier run left. Nobody watched it since: what was open counts as over at `at` unless it is told again.
   * To be called once, before the first signal.
   */
  restore(left: readonly KeptIncident[], at: number): void {
    for (const { incident, memory } of left.toSorted((a, b) => a.incident.openedAt - b.incident.openedAt)) {
      const quietSince = memory.quietSince ?? at;
      const kept = { incident, memory: { ...memory, openSignals: [], quietSince } };
      this.#kept.set(incident.id, kept);
      this.#index.put(kept);
      for (const { id } of incident.signals) this.#index.join(id, incident.id);
    }
  }

  /** A signal opened, changed or closed; `at`: now, ms since the epoch. False where its host has `MOST_OPEN` open already: it joins none. */
  signal(signal: Signal, at: number): boolean {
    if (Math.abs(at - this.#lookedAt) >= LOOK_MS) this.look(at);
    const home = this.#homeOf(signal, at);
    if (this.#isTooMuch(home, signal)) return false;
    this.#index.join(signal.id, this.#put(this.#taken(home, signal, at), at));
    return true;
  }

  #isTooMuch(home: KeptIncident | undefined, { id, host, kind, state }: Signal): boolean {
    if (home?.incident.state === 'open')
      return home.memory.openSignals.length >= MOST_OPEN && !this.knows(host, id);
    // That a host is silent is one incident, and must not be lost in what it said before.
    if (kind === 'silence' || (home && state === 'closed')) return false;
    return this.#index.countOpen(host) >= MOST_OPEN;
  }

  #taken(home: KeptIncident | undefined, signal: Signal, at: number): KeptIncident {
    if (!home) return begin(signal, at);
    const taken = take(home, signal, at);
    const isBack = home.incident.state === 'closed' && signal.state === 'open';
    return isBack ? comeBack(taken, at, this.#policy.flapReturns) : taken;
  }

  /** Whether a signal of this id belongs to an incident that is open or may still come back. */
  knows(host: string, signal: string): boolean {
    return this.#index.homeOf(host, signal) !== undefined;
  }

  /** Time passes: what was quiet for long enough closes, and what waited to be told is told. To be called every second or so. */
  look(at: number): void {
    const { closeAfterMs, reopenWithinMs } = this.#policy;
    this.#lookedAt = at;
    const slept: KeptIncident[] = [];
    for (const kept of this.#kept.values()) {
      const { incident, memory } = kept;
      const isOver = memory.quietSince !== undefined && at - memory.quietSince >= closeAfterMs;
      if (incident.state === 'open' && isOver) this.#put(close(kept, at), at, slept);
      // What is over changes only by what is said of it (`reconsider`), and may have to be told yet.
      else if (incident.state === 'open' || dueOf(kept, this.#policy, at)) this.#review(kept, at, slept);
      if (incident.closedAt !== undefined && at - incident.closedAt > reopenWithinMs)
        this.#forget(incident.id, at);
    }
    this.#digest(slept, at);
  }

  /** How telling people of an incident went: `why` for a person, `told by slack`. False where it is long over and not known here any more. */
  told(id: string, decision: Decision): boolean {
    const kept = this.#kept.get(id);
    if (kept) this.#change({ ...kept, incident: withDecision(kept.incident, decision) });
    return kept !== undefined;
  }

  /** Something new is known from elsewhere: of an incident that is gone, whoever keeps it has to see to it. */
  reconsider(at: number): void {
    for (const kept of this.#kept.values()) this.#review(kept, at);
  }

  /** What is open now, oldest first. */
  open(): readonly Incident[] {
    return [...this.#kept.values()].flatMap(({ incident }) => (incident.state === 'open' ? [incident] : []));
  }

  #homeOf(signal: Signal, at: number): KeptIncident | undefined {
    const known = this.#kept.get(this.#index.homeOf(signal.host, signal.id) ?? '');
    if (known) return known;
    const { reopenWithinMs } = this.#policy;
    const cause = causeOf(signal);
    const alike = this.#index
      .alike(signal.host, cause)
      .map((id) => this.#kept.get(id)!)
      .filter(({ incident, memory }) => isOneWith(cause, memory, incident.state === 'open'));
    return (
      alike.findLast(({ incident }) => incident.state === 'open') ??
      alike.findLast(({ incident: { closedAt } }) => at - (closedAt ?? at) <= reopenWithinMs)
    );
  }

  /** The id of the incident. */
  #put(kept: KeptIncident, at: number, slept?: KeptIncident[]): string {
    this.#change(kept);
    this.#review(kept, at, slept);
    return kept.incident.id;
  }

  #change(kept: KeptIncident): void {
    this.#kept.set(kept.incident.id, kept);
    this.#index.put(kept);
    this.#options.onChange(kept);
  }

  /** What can neither come back nor has to be told. */
  #forget(id: string, at: number): void {
    if (dueOf(this.#kept.get(id)!, this.#policy, at)) return;
    this.#kept.delete(id);
    this.#index.forget(id);
  }

  /** Tells what is due, or keeps why not; `slept` gets what quiet hours held back until now. */
  #review(unannotated: KeptIncident, at: number, slept?: KeptIncident[]): void {
    const kept = this.#annotated(unannotated, at);
    const policy = this.#policy;
    const what = dueOf(kept, policy, at);
    if (!what) return;
    const { held } = kept.memory;
    const hold = holdOf(kept, what, policy, at);
    if (!hold && slept && held?.because === 'quiet hours') slept.push(kept);
    else if (!hold) this.#tell(kept, what, at);
    else if (held?.why !== hold.why || held.what !== what)
      this.#change(decide(kept, { at, what, told: false, why: hold.why }, hold));
  }

  #annotated(kept: KeptIncident, at: number): KeptIncident {
    const { annotate } = this.#options;
    if (!annotate) return kept;
    const before = kept.incident;
    const annotation = annotate(before, at);
    const { expected, verdict, acknowledged, ...incident } = before;
    // Why it was expected stands when it is over.
    const still = before.state === 'open' ? annotation.expected : expected;
    const same =
      still === expected && annotation.verdict === verdict && annotation.acknowledged === acknowledged;
    if (same) return kept;
    const changed = {
      ...kept,
      incident: { ...incident, ...flags(annotation), ...(still !== undefined && { expected: still }) },
    };
    this.#change(changed);
    return changed;
  }

  /** What quiet hours held back is told together, the gravest first. */
  #digest(slept: readonly KeptIncident[], at: number): void {
    for (const kept of slept.toSorted((one, other) => weigh(other) - weigh(one)))
      this.#tell(kept, dueOf(kept, this.#policy, at)!, at, slept.length > 1);
  }

  #tell(kept: KeptIncident, what: Decision['what'], at: number, together = false): void {
    const { notify } = this.#options;
    const news = kept.memory.held?.because === 'expected' ? 'more than was expected of it: ' : '';
    // Whether somebody was told is what the channels say.
    const why = `${news}${notify ? HANDED : NO_CHANNEL}`;
    const decided = decide(kept, { at, what, told: false, why }, undefined);
    this.#change(decided);
    notify?.({ what, at, incident: decided.incident, ...(together && { together }) });
  }
}

const flags = ({ verdict, acknowledged }: Annotation): Annotation => ({
  ...(verdict && { verdict }),
  ...(acknowledged && { acknowledged }),
});

/** The gravest first, and what is still open before what is over. */
const weigh = ({ incident: { severity, state } }: KeptIncident): number =>
  2 * SEVERITIES.indexOf(severity) + (state === 'open' ? 1 : 0);
