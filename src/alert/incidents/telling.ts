import type { Decision } from '../../model/incident.ts';
import { isGraver, type KeptIncident } from './kept.ts';
import type { IncidentPolicy } from './policy.ts';
import { windowNow } from './windows.ts';

/** Why somebody is not told of something now. */
export interface Hold {
  readonly because: 'maintenance' | 'quiet hours' | 'expected' | 'provisional' | 'flapping';
  /** For a person. */
  readonly why: string;
}

type What = Decision['what'];

/** Why nothing more than that is decided here: whether somebody was told is what the channels say. */
export const HANDED = 'handed to the channels';
export const NO_CHANNEL = 'no channel is set up';

/** Whether nothing held it back. */
export const isReleased = ({ told, why }: Decision): boolean =>
  told || why.endsWith(HANDED) || why.endsWith(NO_CHANNEL);

/** What people do not know yet of an incident. */
export function dueOf(
  { incident, memory }: KeptIncident,
  policy: IncidentPolicy,
  at: number,
): What | undefined {
  const { state, severity, flapping } = incident;
  const { told, held } = memory;
  if (!told) {
    if (state === 'open') return memory.openSignals.length > 0 ? 'opened' : undefined;
    // Whoever slept hears of it in the morning, though it is over.
    return held?.because === 'quiet hours' ? 'closed' : undefined;
  }
  if (state !== told.state || flapping !== told.flapping) return state === 'open' ? 'opened' : 'closed';
  if (state === 'closed') return undefined;
  if (isGraver(severity, told.severity)) return 'risen';
  const remind =
    severity === 'HIGH' && !flapping && !incident.acknowledged && at - told.at >= policy.remindEveryMs;
  return remind ? 'reminder' : undefined;
}

/** What keeps people from being told it at `at`. */
export function holdOf(kept: KeptIncident, what: What, policy: IncidentPolicy, at: number): Hold | undefined {
  return (
    windowHold(kept, policy, at) ??
    // Who was told of a beginning hears of the end.
    (what === 'closed' && kept.memory.told ? undefined : doubt(kept, policy)) ??
    flappingHold(kept, what, policy, at)
  );
}

function windowHold({ incident }: KeptIncident, policy: IncidentPolicy, at: number): Hold | undefined {
  const { maintenance, quietHours, isHost } = policy;
  if (maintenance.length === 0 && quietHours.length === 0) return undefined;
  const now = policy.wallClock(at);
  const work = windowNow(maintenance, incident, now, isHost);
  if (work) {
    const name = work.name === undefined ? '' : ` (${work.name})`;
    return { because: 'maintenance', why: `maintenance${name} until ${work.to}` };
  }
  const quiet = incident.severity === 'HIGH' ? undefined : windowNow(quietHours, incident, now, isHost);
  return quiet && { because: 'quiet hours', why: `quiet hours until ${quiet.to}` };
}

function doubt({ incident }: KeptIncident, { tellProvisional }: IncidentPolicy): Hold | undefined {
  if (incident.expected !== undefined) return { because: 'expected', why: incident.expected };
  if (!incident.provisional || tellProvisional) return undefined;
  return { because: 'provisional', why: 'what found it has not seen enough of this machine yet' };
}

/** It is told once as flapping; then only that it became graver, and its end when it can no longer come back. */
function flappingHold(
  { incident, memory: { told } }: KeptIncident,
  what: What,
  { reopenWithinMs }: IncidentPolicy,
  at: number,
): Hold | undefined {
  if (!incident.flapping || !told?.flapping || what === 'risen') return undefined;
  if (incident.closedAt !== undefined && at - incident.closedAt > reopenWithinMs) return undefined;
  return { because: 'flapping', why: 'it comes and goes, and that was told' };
}
