import { createHash } from 'node:crypto';
import type { BrokenMetric, Culprit, Severity } from '../../model/anomaly.ts';
import type { Decision, Incident, IncidentSignal, Signal } from '../../model/incident.ts';
import { type Cause, causeOf, type NamedCauses } from './cause.ts';
import type { Hold } from './telling.ts';

/** What people know of an incident. */
export interface Told {
  readonly at: number;
  readonly severity: Severity;
  readonly state: Incident['state'];
  readonly flapping: boolean;
}

/** What is known of an incident beside what is shown of it. */
export interface IncidentMemory extends NamedCauses {
  /** Ids of the signals that are open. */
  readonly openSignals: readonly string[];
  /** Since when none is, ms since the epoch. */
  readonly quietSince?: number;
  /** The signal that weighs most. */
  readonly heaviest: { readonly id: string; readonly weight: number };
  /** When it came back, ms since the epoch: those that flapping is judged by. */
  readonly returnedAt: readonly number[];
  readonly told?: Told;
  /** Why what people do not know yet waits. */
  readonly held?: Hold & { readonly what: Decision['what'] };
}

/** An incident as it is kept: what is shown, and what it takes to go on with it after a restart. */
export interface KeptIncident {
  readonly incident: Incident;
  readonly memory: IncidentMemory;
}

const RANK: Readonly<Record<Severity, number>> = { LOW: 1, MEDIUM: 2, HIGH: 3 };
const HOUR = 3_600_000;
const MOST_SIGNALS = 50;
const MOST_DECISIONS = 50;
const MOST_METRICS = 12;
const MOST_CULPRITS = 5;
/** Causes of a kind that one incident gathers: what names more and more programs is no longer one thing. */
const MOST_CAUSES = 8;

/** Whether `one` is graver than `other`. */
export const isGraver = (one: Severity, other: Severity): boolean => RANK[one] > RANK[other];

/** A new incident of its first signal. */
export function begin(signal: Signal, at: number): KeptIncident {
  const { host, severity, kind, provisional, sentence, since } = signal;
  const cause = causeOf(signal);
  const incident: Incident = {
    ...{ schema: 1, id: incidentId(host, signal.id), host, state: 'open' },
    ...{ severity, provisional, kind, cause: cause.label, sentence, since, openedAt: at, updatedAt: at },
    ...{ returns: 0, flapping: false, signals: [], metrics: [], culprits: [], decisions: [] },
  };
  const memory: IncidentMemory = {
    ...{ programs: [], subjects: [], resources: [], openSignals: [], returnedAt: [] },
    heaviest: { id: signal.id, weight: weightOf(signal) },
  };
  return take({ incident, memory }, signal, at);
}

/** The incident with one signal more, or with what is new of one that it has. */
export function take({ incident, memory }: KeptIncident, signal: Signal, at: number): KeptIncident {
  const cause = causeOf(signal);
  const weight = weightOf(signal);
  const isHeaviest = signal.id === memory.heaviest.id || weight > memory.heaviest.weight;
  const causes = withCause(memory, cause);
  const others = memory.openSignals.filter((id) => id !== signal.id);
  const openSignals = signal.state === 'open' ? [...others, signal.id] : others;
  const { quietSince, ...rest } = memory;
  return {
    incident: {
      ...incident,
      severity: isGraver(signal.severity, incident.severity) ? signal.severity : incident.severity,
      provisional: incident.provisional && signal.provisional,
      since: Math.min(incident.since, signal.since),
      updatedAt: at,
      signals: withSignal(incident.signals, signal),
      metrics: merged(metricKey, isHeaviest, incident.metrics, signal.metrics).slice(0, MOST_METRICS),
      culprits: merged(culpritKey, isHeaviest, incident.culprits, signal.culprits).slice(0, MOST_CULPRITS),
      ...(isHeaviest && { kind: signal.kind, sentence: signal.sentence }),
      cause: isHeaviest || memory.programs.length === 0 ? nameOf(cause, causes) : incident.cause,
    },
    memory: {
      ...{ ...rest, ...causes, openSignals },
      ...(isHeaviest && { heaviest: { id: signal.id, weight } }),
      ...(openSignals.length === 0 && { quietSince: quietSince ?? at }),
    },
  };
}

/** The incident closed: `closedAt` is the end of its last signal. */
export function close({ incident, memory }: KeptIncident, at: number): KeptIncident {
  const ends = incident.signals.map(({ closedAt, raisedAt }) => closedAt ?? raisedAt);
  const closedAt = Math.max(incident.openedAt, ...ends);
  return { incident: { ...incident, state: 'closed', updatedAt: at, closedAt }, memory };
}

/** The incident as it comes back; what did so `flapReturns` times within an hour flaps from then on. */
export function comeBack({ incident, memory }: KeptIncident, at: number, flapReturns: number): KeptIncident {
  const { closedAt, ...rest } = incident;
  const returnedAt = [...memory.returnedAt, at].filter((moment) => at - moment < HOUR);
  const flapping = incident.flapping || returnedAt.length >= flapReturns;
  return {
    incident: { ...rest, state: 'open', updatedAt: at, returns: incident.returns + 1, flapping },
    memory: { ...memory, returnedAt },
  };
}

/** The incident as people know it now, or why they do not. */
export function decide(kept: KeptIncident, decision: Decision, held: Hold | undefined): KeptIncident {
  const { at, what } = decision;
  const incident = withDecision(kept.incident, decision);
  const { severity, state, flapping } = incident;
  const { held: before, ...memory } = kept.memory;
  return {
    incident,
    memory: held
      ? { ...memory, held: { ...held, what } }
      : { ...memory, told: { at, severity, state, flapping } },
  };
}

export const withDecision = (incident: Incident, decision: Decision): Incident => ({
  ...incident,
  decisions: [...incident.decisions, decision].slice(-MOST_DECISIONS),
});

/** What is graver weighs more, then what a model is sure of. */
const weightOf = ({ severity, provisional }: Signal): number => 2 * RANK[severity] + (provisional ? 0 : 1);

/** A signal that names nobody does not take the name away that another one knows. */
const nameOf = ({ label, program }: Cause, { programs: [known] }: NamedCauses): string =>
  program === undefined && known !== undefined ? `process ${known}` : label;

function withCause({ programs, subjects, resources }: NamedCauses, cause: Cause): NamedCauses {
  return {
    programs: withName(programs, cause.program),
    subjects: withName(subjects, cause.subject),
    resources: withName(resources, cause.resource),
  };
}

const withName = (names: readonly string[], name: string | undefined): readonly string[] =>
  name === undefined || names.includes(name) || names.length >= MOST_CAUSES ? names : [...names, name];

function withSignal(signals: readonly IncidentSignal[], signal: Signal): readonly IncidentSignal[] {
  const { id, kind, severity, since, raisedAt, closedAt, sentence } = signal;
  const kept: IncidentSignal = {
    ...{ id, kind, severity, since, raisedAt, sentence },
    ...(closedAt !== undefined && { closedAt }),
  };
  const place = signals.findIndex((one) => one.id === id);
  return place < 0 ? [...signals, kept].slice(-MOST_SIGNALS) : signals.with(place, kept);
}

const metricKey = ({ metric }: BrokenMetric): string => metric;
const culpritKey = ({ id }: Culprit): string => id;

/** What both name, once each; the new ones first where they weigh most. */
function merged<T>(
  key: (one: T) => string,
  newFirst: boolean,
  known: readonly T[],
  fresh: readonly T[],
): readonly T[] {
  if (fresh.length === 0) return known;
  const latest = new Map(fresh.map((one) => [key(one), one]));
  const [first, second] = newFirst ? [fresh, known] : [known, fresh];
  const order = new Set([...first, ...second].map(key));
  const older = new Map(known.map((one) => [key(one), one]));
  return [...order].map((name) => (latest.get(name) ?? older.get(name))!);
}

/** Not of the cause: who did it may be known only later, and the last state of a signal is all that is kept of it. */
function incidentId(...facts: readonly string[]): string {
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 16);
}
