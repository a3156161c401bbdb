import type { Severity } from '../model/anomaly.ts';
import type { Forecast, FullAt } from '../model/breach.ts';
import { type Assessment, Horizon, MINUTE_MS } from './horizon.ts';
import { whyOf } from './sentence.ts';

/** Windows of 32 minutes, twice that, and so on to eleven days. */
const HORIZONS = 10;
const HOUR_MS = 3_600_000;
/** With less of a past, what comes and goes each day is not known. */
const KNOWN_AFTER_MS = 24 * HOUR_MS;
/** Open, it holds while it will be full within twice the time in which one is told. */
const HOLD = 2;
/** So long without that, or twice a bucket of the window that raised it (at most two hours), and it closes. */
const QUIET_MS = 15 * MINUTE_MS;
const LONGEST_QUIET_MS = 2 * HOUR_MS;
/** Here it is full: no window can grow any more. */
const FULL = 0.99;
/** The latest minute stands within so much of the window's growth of its end. */
const NEAR_END = 0.25;
/** Below the growth that raised it by so much, it came down: it closes at once. */
const CAME_DOWN = 0.5;

/** As long as it does not fall deeper than it did before, by half. */
const COMES_BACK = 1.5;

/** A forecast that is told, as long as it holds. */
export interface Filling {
  readonly since: number;
  severity: Severity;
  assessment: Assessment & Required<Pick<Assessment, 'full'>>;
  /** Last minute in which it held. */
  heldAt: number;
  /** Below this it came down. */
  readonly floor: number;
  /** The window that raised it: 0 is the shortest. */
  readonly horizon: number;
  provisional: boolean;
}

export type CapacityChange =
  | { readonly what: 'opened' | 'risen'; readonly filling: Filling }
  | { readonly what: 'closed'; readonly filling: Filling; readonly closedAt: number };

/** Something that can run full, by the share of it that is used. */
export class Capacity {
  readonly #withinMs: number;
  readonly #horizons = Array.from({ length: HORIZONS }, (_, power) => new Horizon(2 ** power));
  /** Undefined: what has changed since is not assessed yet. */
  readonly #assessments: (Assessment | undefined)[] = [];
  #minute = Number.NaN;
  #sum = 0;
  #count = 0;
  #firstAt = Number.NaN;
  #level = Number.NaN;
  #open: Filling | undefined;

  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  get open(): Filling | undefined {
    return this.#open;
  }

  /** The next value; what changed by the minute that it ended. `at`: ms since the epoch. */
  add(at: number, share: number): CapacityChange | undefined {
    const minute = Math.floor(at / MINUTE_MS);
    let change: CapacityChange | undefined;
    if (minute !== this.#minute) {
      // A clock that was set back says nothing until it is where it was.
      if (minute < this.#minute) return undefined;
      if (this.#count > 0) change = this.#end(this.#minute, this.#sum / this.#count);
      this.#minute = minute;
      this.#sum = 0;
      this.#count = 0;
    }
    this.#sum += share;
    this.#count++;
    return change;
  }

  /** What was kept of the time before the first value: the mean of a minute, or of an hour, that began at `at`. */
  remember(at: number, share: number): void {
    const minute = Math.floor(at / MINUTE_MS);
    if (minute < this.#minute) return;
    this.#minute = minute;
    this.#keep(minute, share);
  }

  /** Takes up what an earlier run left open: it closes unless it is found again soon. */
  resume(filling: Pick<Filling, 'since' | 'severity' | 'provisional'>, full: FullAt, at: number): void {
    const assessment = { verdict: 'growing', overMs: 0, since: filling.since, full } as const;
    this.#open = { ...filling, assessment, heldAt: at, floor: 0, horizon: 0 };
  }

  close(at: number): CapacityChange | undefined {
    const filling = this.#open;
    if (!filling) return undefined;
    this.#open = undefined;
    return { what: 'closed', filling, closedAt: at };
  }

  #end(minute: number, share: number): CapacityChange | undefined {
    this.#keep(minute, share);
    const at = (minute + 1) * MINUTE_MS;
    return this.#open ? this.#continue(this.#open, at, share) : this.#begin(at);
  }

  #keep(minute: number, share: number): void {
    if (Number.isNaN(this.#firstAt)) this.#firstAt = minute * MINUTE_MS;
    this.#level = share;
    for (const [power, horizon] of this.#horizons.entries())
      if (horizon.add(minute, share)) this.#assessments[power] = undefined;
  }

  #begin(at: number): CapacityChange | undefined {
    const soonest = this.#soonest(0, 'growing', this.#withinMs, at);
    if (!soonest || soonest.assessment.full.at <= at) return undefined;
    const { assessment, horizon } = soonest;
    this.#open = {
      ...{ since: assessment.since, severity: severityOf(assessment.full.latest - at) },
      ...{ assessment, heldAt: at, horizon, provisional: at - this.#firstAt < KNOWN_AFTER_MS },
      floor: assessment.end! - Math.max(CAME_DOWN * assessment.growth!, COMES_BACK * assessment.fall!),
    };
    return { what: 'opened', filling: this.#open };
  }

  #continue(filling: Filling, at: number, share: number): CapacityChange | undefined {
    if (share < filling.floor) return this.close(at);
    const from = Math.max(0, filling.horizon - 1);
    const soonest =
      this.#soonest(from, 'growing', HOLD * this.#withinMs, at) ??
      this.#soonest(from, 'too far', HOLD * this.#withinMs, at);
    if (share >= FULL) filling.heldAt = at;
    else if (!soonest) {
      const bucketMs = this.#horizons[filling.horizon]!.windowMs / 32;
      const quiet = Math.min(LONGEST_QUIET_MS, Math.max(QUIET_MS, 2 * bucketMs));
      return at - filling.heldAt >= quiet ? this.close(filling.heldAt) : undefined;
    }
    if (!soonest) return undefined;
    filling.heldAt = at;
    filling.assessment = soonest.assessment;
    filling.provisional &&= at - this.#firstAt < KNOWN_AFTER_MS;
    const severity = severityOf(soonest.assessment.full.latest - at);
    if (RANK[severity] <= RANK[filling.severity]) return undefined;
    filling.severity = severity;
    return { what: 'risen', filling };
  }

  /** Of the windows from `from` on that say so, the one by which it is full first; all of its interval lies within `withinMs`. */
  #soonest(from: number, verdict: 'growing' | 'too far', withinMs: number, at: number) {
    let best: { assessment: Filling['assessment']; horizon: number } | undefined;
    for (let horizon = from; horizon < HORIZONS; horizon++) {
      if (verdict === 'growing' && !this.#horizons[horizon]!.mayGrow()) continue;
      const assessment = this.#assess(horizon);
      const { full, end = 0, growth = 0 } = assessment;
      if (assessment.verdict !== verdict || !full || full.latest - at > withinMs) continue;
      // The window has not seen yet that it fell.
      if (this.#level < end - NEAR_END * growth) continue;
      if (!best || full.at < best.assessment.full.at) best = { assessment: { ...assessment, full }, horizon };
    }
    return best;
  }

  #assess(horizon: number): Assessment {
    this.#assessments[horizon] ??= this.#horizons[horizon]!.assess();
    return this.#assessments[horizon];
  }

  /** What can be said now; undefined before the first minute is over. */
  forecast(about: Pick<Forecast, 'metric' | 'limit' | 'subject'>): Forecast | undefined {
    if (Number.isNaN(this.#level)) return undefined;
    const at = this.#minute * MINUTE_MS;
    const told =
      this.#open?.assessment ?? this.#soonest(0, 'growing', Number.POSITIVE_INFINITY, at)?.assessment;
    const all = this.#horizons.map((_, horizon) => this.#assess(horizon));
    const shown = told ?? all.findLast(({ verdict }) => verdict !== 'too little');
    const trend = shown?.perMs !== undefined && { perDay: shown.perMs * 24 * HOUR_MS, overMs: shown.overMs };
    return {
      ...{ ...about, at, level: this.#level },
      ...trend,
      ...(told?.full && { full: told.full }),
      why: whyOf(shown, at - this.#firstAt),
    };
  }
}

const RANK: Readonly<Record<Severity, number>> = { LOW: 1, MEDIUM: 2, HIGH: 3 };

/** By the late end of the interval. */
const severityOf = (leftMs: number): Severity =>
  leftMs <= 4 * HOUR_MS ? 'HIGH' : leftMs <= 12 * HOUR_MS ? 'MEDIUM' : 'LOW';
