import type { Incident } from '../../model/incident.ts';
import type { Cause, NamedCauses } from './cause.ts';
import type { KeptIncident } from './kept.ts';

interface Entry {
  /** The how manieth it was to come. */
  readonly nth: number;
  readonly host: string;
  keys: readonly string[];
  /** Ids, oldest first. */
  readonly signals: Set<string>;
}

/** Signals of one incident that are remembered: an older one is found by its cause again. */
const MOST_SIGNALS = 1000;

const named = (host: string, signal: string): string => `${host}\n${signal}`;

/** Which incident a signal belongs to, without a walk through all of them. */
export class IncidentIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #bySignal = new Map<string, string>();
  /** Ids of incidents by host and what a signal may have in common with them. */
  readonly #byCause = new Map<string, Set<string>>();
  /** Ids of those that are open, by host. */
  readonly #open = new Map<string, Set<string>>();
  #count = 0;

  /** An incident is new or changed. */
  put({ incident, memory }: KeptIncident): void {
    const { id, host, state } = incident;
    const known = this.#entries.get(id);
    const entry = known ?? { nth: this.#count++, host, keys: [], signals: new Set<string>() };
    if (!known) this.#entries.set(id, entry);
    const keys = keysOf(host, memory, state);
    if (keys.length !== entry.keys.length || keys.some((key, place) => key !== entry.keys[place])) {
      for (const key of entry.keys) drop(this.#byCause, key, id);
      for (const key of keys) add(this.#byCause, key, id);
      entry.keys = keys;
    }
    if (state === 'open') add(this.#open, host, id);
    else drop(this.#open, host, id);
  }

  /** A signal belongs to an incident that was put. */
  join(signal: string, incident: string): void {
    const { host, signals } = this.#entries.get(incident)!;
    this.#bySignal.set(named(host, signal), incident);
    signals.add(signal);
    if (signals.size <= MOST_SIGNALS) return;
    const [oldest] = signals;
    signals.delete(oldest!);
    this.#bySignal.delete(named(host, oldest!));
  }

  forget(incident: string): void {
    const entry = this.#entries.get(incident);
    if (!entry) return;
    for (const signal of entry.signals) this.#bySignal.delete(named(entry.host, signal));
    for (const key of entry.keys) drop(this.#byCause, key, incident);
    drop(this.#open, entry.host, incident);
    this.#entries.delete(incident);
  }

  /** The incident of a signal that is known. A host that tells a signal by the id of another host's does not reach that one's incident. */
  homeOf(host: string, signal: string): string | undefined {
    return this.#bySignal.get(named(host, signal));
  }

  /** Incidents of a host that a cause may be one with (`isOneWith` decides), oldest first. */
  alike(host: string, { subject, program, resource }: Cause): readonly string[] {
    const named = { programs: listOf(program), resources: listOf(resource), subjects: listOf(subject) };
    const found = new Set<string>();
    for (const key of keysOf(host, named, 'open'))
      for (const id of this.#byCause.get(key) ?? []) found.add(id);
    return [...found].sort((one, other) => this.#entries.get(one)!.nth - this.#entries.get(other)!.nth);
  }

  /** How many incidents of a host are open. */
  countOpen(host: string): number {
    return this.#open.get(host)?.size ?? 0;
  }
}

/** As `isOneWith` compares: a subject stands for all; what is short counts only while it is open, or where nobody is named. */
function keysOf(
  host: string,
  { subjects, programs, resources }: NamedCauses,
  state: Incident['state'],
): readonly string[] {
  const key = (kind: string) => (name: string) => `${host}\n${kind}\n${name}`;
  if (subjects.length > 0) return subjects.map(key('subject'));
  const short = state === 'open' || programs.length === 0 ? resources : [];
  return [...programs.map(key('program')), ...short.map(key('resource'))];
}

const listOf = (name: string | undefined): readonly string[] => (name === undefined ? [] : [name]);

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set) set.add(value);
  else sets.set(key, new Set([value]));
}

function drop(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set?.delete(value) && set.size === 0) sets.delete(key);
}
