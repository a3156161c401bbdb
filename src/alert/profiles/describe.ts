import { duration, timeOfDay } from '../../lib/text.ts';
import type { ProcessFinding } from '../../model/anomaly.ts';
import { who } from '../../model/display.ts';
import type { Process } from '../../model/process.ts';
import { PROFILE_MEASURES, type ProfileMeasure, showMeasure } from '../../model/profile.ts';
import { culpritOf, parentOf } from '../culprit.ts';
import type { Profile } from './profile.ts';

interface Unusual {
  readonly value: number;
  /** Of such a value in one minute of one process of this kind. */
  readonly probability: number;
  readonly since: number;
  readonly at: number;
  readonly watchedMs: number;
}

/** A process that left the profile of its kind, as a finding. */
export function describeUnusual(
  process: Process,
  parent: Process | undefined,
  profile: Profile,
  measure: ProfileMeasure,
  { value, probability, since, at, watchedMs }: Unusual,
): ProcessFinding {
  const { label } = PROFILE_MEASURES[measure];
  const high = profile.usual(measure)?.high ?? Number.NaN;
  const now = show(measure, value);
  const usual = `all but 1 % of its kind: up to ${show(measure, high)}`;
  const culprit = culpritOf(process, parentOf(parent), {
    share: 1,
    evidence: `${label} ${now}; ${usual}`,
  });
  const lives = profile.ended + profile.running;
  const known = `known for ${duration(watchedMs)}, ${lives} ${lives === 1 ? 'process' : 'processes'}`;
  return {
    what: measure,
    culprit,
    since,
    severity: 'LOW',
    score: -Math.log10(Math.max(probability, 1e-300)),
    returnPeriodSeconds: watchedMs / 1000,
    sentence: `${who(culprit)} is out of the ordinary for what it is since ${timeOfDay(since, at)}: ${label} ${now} (${usual}; ${known}).`,
  };
}

const show = (measure: ProfileMeasure, value: number): string =>
  measure === 'cpu' ? `${showMeasure(measure, value)} of a core` : showMeasure(measure, value);
