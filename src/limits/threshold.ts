import type { Severity } from '../model/anomaly.ts';
import type { Rule } from './rules.ts';

/** A series is held against its line by its means over so long, ms. */
const SLOT_MS = 10_000;
/** A longer gap in the data begins anew, ms; an open breach stays, until it has been unseen for UNSEEN_MS. */
const GAP_MS = 60_000;
const UNSEEN_MS = 300_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A line that is crossed, as long as it lasts. */
export interface Crossing {
  readonly since: number;
  severity: Severity;
  /** The mean over the slot that was farthest beyond the line. */
  worst: number;
  /** End of the last slot that was beyond the closing line. */
  lastBeyondAt: number;
}

export type ThresholdChange =
  | { readonly what: 'opened' | 'risen'; readonly crossing: Crossing }
  | { readonly what: 'closed'; readonly crossing: Crossing; readonly closedAt: number };

/**
 * One series against one line. It opens when the line was crossed for the rule's time: the mean over a slot crosses it, none since is
 * back behind the closing line, and the mean over all of that time is beyond it, so that one second below does not start it over.
 * It closes when all slots for `clearMs` are behind the closing line, and ended with the last one that was not.
 */
export class Threshold {
  readonly rule: Rule;
  readonly #clearMs: number;
  /** 1: above is beyond; -1: below is. */
  readonly #sign: 1 | -1;
  #slot = Number.NaN;
  #sum = 0;
  #count = 0;
  /** Since when it may be crossed, and the sum of the slots' means since then. */
  #pendingSince = Number.NaN;
  #pendingSum = 0;
  #pendingSlots = 0;
  #open: Crossing | undefined;

  constructor(rule: Rule, clearMs: number) {
    this.rule = rule;
    this.#clearMs = clearMs;
    this.#sign = rule.direction === 'above' ? 1 : -1;
  }

  get open(): Crossing | undefined {
    return this.#open;
  }

  /** The next value; what changed by the slot that it ended. `at`: ms since the epoch. */
  add(at: number, value: number): ThresholdChange | undefined {
    const slot = Math.floor(at / SLOT_MS);
    let change: ThresholdChange | undefined;
    if (slot !== this.#slot) {
      if (this.#count > 0) change = this.#end(this.#slot * SLOT_MS, this.#sum / this.#count);
      const gap = (slot - this.#slot) * SLOT_MS;
      if (!(gap > 0 && gap <= GAP_MS)) this.#pendingSince = Number.NaN;
      this.#slot = slot;
      this.#sum = 0;
      this.#count = 0;
    }
    this.#sum += value;
    this.#count++;
    return change;
  }

  /** Takes up what an earlier run left open. */
  resume(crossing: Crossing): void {
    this.#open = crossing;
    this.#slot = Math.floor(crossing.lastBeyondAt / SLOT_MS);
  }

  /** Closes it where its series is not seen any more: the file system is unmounted, say. */
  look(at: number): ThresholdChange | undefined {
    const unseen = at - this.#slot * SLOT_MS;
    return this.#open && unseen > UNSEEN_MS ? this.close() : undefined;
  }

  close(): ThresholdChange | undefined {
    const crossing = this.#open;
    if (!crossing) return undefined;
    this.#open = undefined;
    this.#pendingSince = Number.NaN;
    return { what: 'closed', crossing, closedAt: crossing.lastBeyondAt };
  }

  #end(begin: number, mean: number): ThresholdChange | undefined {
    const beyond = (mean - this.rule.line) * this.#sign;
    return this.#open
      ? this.#continue(this.#open, begin, mean, beyond)
      : this.#wait(begin, mean, beyond >= 0, beyond > -this.rule.clear);
  }

  #wait(begin: number, mean: number, isBeyond: boolean, isNear: boolean): ThresholdChange | undefined {
    if (Number.isNaN(this.#pendingSince)) {
      if (!isBeyond) return undefined;
      this.#pendingSince = begin;
      this.#pendingSum = 0;
      this.#pendingSlots = 0;
    }
    if (!isNear) {
      this.#pendingSince = Number.NaN;
      return undefined;
    }
    this.#pendingSum += mean;
    this.#pendingSlots++;
    const end = begin + SLOT_MS;
    const overall = (this.#pendingSum / this.#pendingSlots - this.rule.line) * this.#sign;
    if (!isBeyond || overall < 0 || end - this.#pendingSince < this.rule.forMs) return undefined;
    const severity = severityOf(this.rule, mean, end - this.#pendingSince);
    this.#open = { since: this.#pendingSince, severity, worst: mean, lastBeyondAt: end };
    return { what: 'opened', crossing: this.#open };
  }

  #continue(crossing: Crossing, begin: number, mean: number, beyond: number): ThresholdChange | undefined {
    const end = begin + SLOT_MS;
    if (beyond <= -this.rule.clear) {
      return end - crossing.lastBeyondAt >= this.#clearMs ? this.close() : undefined;
    }
    crossing.lastBeyondAt = end;
    if ((mean - crossing.worst) * this.#sign > 0) crossing.worst = mean;
    const severity = severityOf(this.rule, mean, end - crossing.since);
    if (RANK[severity] <= RANK[crossing.severity]) return undefined;
    crossing.severity = severity;
    return { what: 'risen', crossing };
  }
}

const RANK: Readonly<Record<Severity, number>> = { LOW: 1, MEDIUM: 2, HIGH: 3 };

/** Of what was left beyond the line, so much is used up. */
const HALF = 0.5;
const MOST = 0.8;
/** A CPU is as good as used up from here on. */
const BUSY = 0.75;

/** How bad it is by how far it is and how long it has lasted, ms (docs/limits.md has the table). */
function severityOf({ grows, line }: Rule, mean: number, lastsMs: number): Severity {
  // 95 % is half of the way from 90 % to 100 %, which floating point does not know.
  const far = (mean - line) / (1 - line) + 1e-9;
  switch (grows) {
    case 'space':
      return far >= MOST ? 'HIGH' : far >= HALF ? 'MEDIUM' : 'LOW';
    case 'memory':
      if (far >= MOST) return 'HIGH';
      return far >= HALF || lastsMs >= 30 * MINUTE_MS ? 'MEDIUM' : 'LOW';
    case 'cpu':
      if (far >= BUSY && lastsMs >= 4 * HOUR_MS) return 'HIGH';
      return lastsMs >= 30 * MINUTE_MS ? 'MEDIUM' : 'LOW';
    case 'own':
      return lastsMs >= HOUR_MS ? 'MEDIUM' : 'LOW';
    default:
      return grows;
  }
}
