import { DecayedHistogram, type HistogramScale } from '../../lib/decayed-histogram.ts';
import {
  PROFILE_MEASURES,
  type ProfileMeasure,
  type ProfileSummary,
  type UsualRange,
} from '../../model/profile.ts';

const BINS = 100;
/** Bins grow by a fifth: from a thousandth of a core to 80,000 of them. */
const FACTOR = 1.2;
const LEAST: Readonly<Record<ProfileMeasure, number>> = {
  cpu: 1e-3,
  memory: 1e6,
  io: 1e3,
  threads: 0.5,
  life: 1,
};

export const MEASURES = Object.keys(PROFILE_MEASURES) as readonly ProfileMeasure[];

/** What was seen of a kind counts half after so long, ms. */
const HALF_LIFE_MS = 14 * 86_400_000;
/** Minutes of a kind, and a day since it was first seen, before anything is called unusual: much happens once a day. */
const MATURE_MINUTES = 240;
const MATURE_AFTER_MS = 24 * 3_600_000;
/** Lives that ended, before a life span is judged. */
const MATURE_LIVES = 20;

/** From this quantile on a tail is told by its shape and no more by counting. */
const BODY = 0.99;
/**
 * Before anything is known of a tail's shape it is taken to fall with the third power, as if one value had been seen beyond the body, a
 * third of e above it; that of lives with the first: a program that usually ends at once may well stay for an hour.
 */
const PRIOR_WEIGHT = 1;
const PRIOR_LOGS: Readonly<Record<ProfileMeasure, number>> = {
  cpu: 1 / 3,
  memory: 1 / 3,
  io: 1 / 3,
  threads: 1 / 3,
  life: 1,
};

const scaleOf = (measure: ProfileMeasure): HistogramScale => ({
  least: LEAST[measure],
  factor: FACTOR,
  bins: BINS,
});

/** As it is written down. */
export interface StoredProfile {
  readonly kind: string;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly ended: number;
  readonly measures: Readonly<Partial<Record<ProfileMeasure, readonly (readonly [number, number])[]>>>;
}

/** What one kind of process usually does. */
export class Profile {
  readonly kind: string;
  readonly firstSeenAt: number;
  lastSeenAt: number;
  ended: number;
  running = 0;
  readonly #histograms: Readonly<Record<ProfileMeasure, DecayedHistogram>>;

  /** Throws where what was stored makes no sense. */
  constructor(kind: string, at: number, stored?: StoredProfile) {
    this.kind = kind;
    this.firstSeenAt = stored?.firstSeenAt ?? at;
    this.lastSeenAt = stored?.lastSeenAt ?? at;
    this.ended = stored?.ended ?? 0;
    this.#histograms = Object.fromEntries(
      MEASURES.map((measure) => [measure, new DecayedHistogram(scaleOf(measure), stored?.measures[measure])]),
    ) as Record<ProfileMeasure, DecayedHistogram>;
  }

  add(measure: ProfileMeasure, value: number): void {
    this.#histograms[measure].add(value);
  }

  /** `ms` have passed for all that was seen. */
  age(ms: number): void {
    for (const measure of MEASURES) this.#histograms[measure].decay(2 ** (-ms / HALF_LIFE_MS));
  }

  /** Whether enough was seen of this measure for a value to be called unusual at `at`. */
  isMature(measure: ProfileMeasure, at: number): boolean {
    if (at - this.firstSeenAt < MATURE_AFTER_MS) return false;
    const seen = this.#histograms[measure].total();
    return measure === 'life' ? seen >= MATURE_LIVES : seen >= MATURE_MINUTES;
  }

  /**
   * The probability that one value of this kind is higher. In the body by counting (never less than one in all that was
   * seen); beyond it by a power law x^-a whose exponent is that of Hill (1975), (n + 1) / (sum of ln(x / body) + 1/3), 1
   * and 1/3 being the prior.
   */
  probability(measure: ProfileMeasure, value: number): number {
    const histogram = this.#histograms[measure];
    const total = histogram.total();
    if (total === 0) return 1;
    const body = Math.max(histogram.quantile(BODY), LEAST[measure]);
    if (value <= body) return Math.min(1, (histogram.above(value).weight + 1) / (total + 1));
    const { weight, logs } = histogram.above(body);
    const exponent = (weight + PRIOR_WEIGHT) / (logs + PRIOR_LOGS[measure]);
    return ((weight + PRIOR_WEIGHT) / (total + 1)) * (value / body) ** -exponent;
  }

  usual(measure: ProfileMeasure): UsualRange | undefined {
    const histogram = this.#histograms[measure];
    if (histogram.total() < 1) return undefined;
    // Bins have edges between whole numbers.
    const show = measure === 'threads' ? Math.floor : (value: number) => value;
    return { median: show(histogram.quantile(0.5)), high: show(histogram.quantile(BODY)) };
  }

  summary(at: number): ProfileSummary {
    const minutes = this.#histograms.memory.total();
    const ranges = MEASURES.map((measure) => [measure, this.usual(measure)] as const);
    return {
      kind: this.kind,
      maturity: this.isMature('memory', at) ? 'mature' : 'collecting',
      minutes: Math.round(minutes),
      neededMinutes: MATURE_MINUTES,
      lives: this.ended + this.running,
      running: this.running,
      firstSeenAt: this.firstSeenAt,
      lastSeenAt: this.lastSeenAt,
      usual: Object.fromEntries(ranges.filter(([, range]) => range !== undefined)),
    };
  }

  stored(): StoredProfile {
    const { kind, firstSeenAt, lastSeenAt, ended } = this;
    const measures = Object.fromEntries(
      MEASURES.map((measure) => [measure, this.#histograms[measure].counts()] as const).filter(
        ([, counts]) => counts.length > 0,
      ),
    );
    return { kind, firstSeenAt, lastSeenAt, ended, measures };
  }
}
