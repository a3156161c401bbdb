import { duration } from '../lib/text.ts';
import { formatValue } from './display.ts';

/** What is learned of each kind of process: values of one minute, the life span of one life. */
export const PROFILE_MEASURES = {
  /** Share of one CPU, its own and that of its threads. */
  cpu: { unit: '1', label: 'CPU' },
  /** Resident bytes. */
  memory: { unit: 'By', label: 'memory' },
  /** Bytes a second from and to the storage layer. */
  io: { unit: 'By/s', label: 'disk traffic' },
  threads: { unit: '{thread}', label: 'threads' },
  /** Seconds from start to end; of one that lives, so far. */
  life: { unit: 's', label: 'life span' },
} as const;

export type ProfileMeasure = keyof typeof PROFILE_MEASURES;

/** Where a measure of a kind usually lies; all but one minute in a hundred. */
export interface UsualRange {
  readonly median: number;
  readonly high: number;
}

/** What is known of a kind of process: the answer of `GET /api/v1/profiles` and of `homeostat profiles --json`. */
export interface ProfileSummary {
  /** Path of the executable; with what it runs where it is an interpreter. Hostile text. */
  readonly kind: string;
  /** `collecting`: nothing is found of it yet. */
  readonly maturity: 'collecting' | 'mature';
  /** Minutes of its processes that were seen, the old ones counting less, and how many maturity needs. */
  readonly minutes: number;
  readonly neededMinutes: number;
  /** Processes of it that were seen to begin or end, and those that run. */
  readonly lives: number;
  readonly running: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  /** Measures of which enough was seen. */
  readonly usual: Readonly<Partial<Record<ProfileMeasure, UsualRange>>>;
}

export interface ProfilesAnswer {
  readonly profiles: readonly ProfileSummary[];
  /** Kinds that were forgotten because there were too many. */
  readonly forgotten: number;
}

/** For people; a thread is plain enough without its unit. */
export function showMeasure(measure: ProfileMeasure, value: number): string {
  if (measure === 'life') return duration(value * 1000);
  return formatValue(value, PROFILE_MEASURES[measure].unit);
}
