import { createHash } from 'node:crypto';
import { UserError } from '../../lib/errors.ts';
import type { Feedback } from '../../model/feedback.ts';
import type { Incident } from '../../model/incident.ts';
import { isGraver } from './kept.ts';
import type { WallClock } from './windows.ts';

/** Causes that name nothing in particular: who calls them normal would be told nothing of the machine any more. */
const NO_CAUSE = /^(the machine|cpu|memory|disk|network|process|device|filesystem|homeostat)$/;

export interface Wish {
  readonly verdict: Feedback['verdict'];
  readonly at: number;
  readonly expiresAt?: number;
  /** Only what begins in the same hour of the week. */
  readonly thisHour?: boolean;
}

/** What a person says of an incident, as it is kept. Throws a UserError where it would silence a whole machine. */
export function feedbackOf(incident: Incident, wish: Wish, wallClock: WallClock): Feedback {
  const { id: about, host, cause, severity, signals, since } = incident;
  const { verdict, at, expiresAt, thisHour } = wish;
  if (verdict === 'normal' && NO_CAUSE.test(cause) && !thisHour)
    throw new UserError(
      `${about.slice(0, 8)} names no program and no file system (cause '${cause}'), so calling it normal would silence the whole machine: add --this-hour for this hour of the week alone`,
    );
  const id = createHash('sha256').update(`${about}\n${verdict}\n${at}`).digest('hex').slice(0, 8);
  return {
    ...{ id, verdict, incident: about, host, cause, severity, at },
    kinds: [...new Set(signals.map(({ kind }) => kind))].sort(),
    ...(thisHour && { hourOfWeek: hourOfWeek(since, wallClock) }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** Whether an incident is of what a person called normal: the same cause, nothing of another kind, and no graver. */
export function isNormalBy(feedback: Feedback, incident: Incident, wallClock: WallClock): boolean {
  return (
    feedback.verdict === 'normal' &&
    feedback.host === incident.host &&
    feedback.cause === incident.cause &&
    !isGraver(incident.severity, feedback.severity) &&
    incident.signals.every(({ kind }) => feedback.kinds.includes(kind)) &&
    (feedback.hourOfWeek === undefined || feedback.hourOfWeek === hourOfWeek(incident.since, wallClock))
  );
}

/** Whether what was said still holds. */
export const holdsAt = ({ expiresAt, undoneAt }: Feedback, at: number): boolean =>
  undoneAt === undefined && (expiresAt === undefined || at < expiresAt);

/** What calling an incident normal would have changed. */
export interface Preview {
  /** Incidents that it would have muted, newest first, the one in question among them. */
  readonly muted: readonly Incident[];
  /** Of them those that somebody was told of. */
  readonly told: number;
  /** Of them those that a person confirmed as real. */
  readonly confirmed: readonly Incident[];
}

export function previewOf(feedback: Feedback, incidents: readonly Incident[], wallClock: WallClock): Preview {
  const muted = incidents.filter((incident) => isNormalBy(feedback, incident, wallClock));
  return {
    muted,
    told: muted.filter(({ decisions }) => decisions.some(({ told }) => told)).length,
    confirmed: muted.filter(({ verdict }) => verdict === 'confirmed'),
  };
}

function hourOfWeek(at: number, wallClock: WallClock): number {
  const { weekday, time } = wallClock(at);
  return 24 * weekday + Number(time.slice(0, 2));
}
