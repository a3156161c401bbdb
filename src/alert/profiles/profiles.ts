import type { ProcessFinding } from '../../model/anomaly.ts';
import type { Process, ProcessScan } from '../../model/process.ts';
import type { ProfileMeasure, ProfilesAnswer } from '../../model/profile.ts';
import { describeUnusual } from './describe.ts';
import { kindOf } from './kind.ts';
import { Minute } from './minute.ts';
import { MEASURES, Profile, type StoredProfile } from './profile.ts';

interface When {
  readonly at: number;
  /** Of a probability. */
  readonly limit: number;
  readonly isSuspect: boolean;
}

export interface ProfilesOptions {
  /** What an earlier run had learned. */
  readonly stored?: readonly StoredProfile[];
}

const MINUTE_MS = 60_000;
/** Kinds that are kept. */
const MOST_KINDS = 1000;
/** Histograms are aged this often. */
const AGE_EACH_MS = 3_600_000;
/** A scan later than this after the one before it is behind a gap: what was counted across it is no minute. */
const GAP_MS = 90_000;
/** So many minutes in a row must be unusual. */
const STREAK = 3;
/** Minutes that wait before they are learned: those of a streak, and the one in which it began. */
const LATEST = STREAK + 1;
/** What lasts so many minutes is how it is now: it is learned, and the finding ends by that. */
const NEW_NORMAL = 60;
/** One that was found is over when a minute is as likely as this. */
const OVER = 1e-3;
/** False findings a week that all tests of all processes together may cause. Bursts of heavier tails than were seen cause more: some two. */
const PER_WEEK = 0.5;
const WEEK_MINUTES = 7 * 24 * 60;
/** Less on top of what is usual is nothing that a person would act on. Of a life span, seconds. */
const MATTERS: Readonly<Record<ProfileMeasure, number>> = {
  cpu: 0.2,
  memory: 200e6,
  io: 5e6,
  threads: 16,
  life: 600,
};
/** It must also exceed what this very process ever did by so much. */
const OWN_PAST = 1.5;

/**
 * Profiles of all kinds of processes, learned minute by minute, and the processes that leave theirs.
 *
 * A value is unusual when it is less likely than PER_WEEK / T, T the tests in a week: 5 measures of each process that
 * runs, each minute, a streak of STREAK minutes counting as one (7 x 1440 x 5 x processes / 3). So that, were the tails
 * right, all of them together are wrong once in two weeks. It must stay so for STREAK minutes, be beyond the process's own past,
 * and be large enough to matter. Nothing is found of a kind that is not mature; nothing is learned from a process
 * that is suspected, nor of what is told, before it has lasted an hour.
 */
export class Profiles {
  /** By kind; the least recently seen first. */
  readonly #profiles = new Map<string, Profile>();
  #minutes = new Map<string, Minute>();
  readonly #found = new Map<string, ProcessFinding>();
  #minuteAt: number | undefined;
  #lastAt: number | undefined;
  #agedAt: number | undefined;
  #forgotten = 0;

  constructor({ stored = [] }: ProfilesOptions = {}) {
    for (const one of stored) this.#profiles.set(one.kind, new Profile(one.kind, one.firstSeenAt, one));
  }

  /** Takes in a full scan; answers what is found now. `suspects`: ids of processes that an open anomaly names: nothing is learned from them. */
  observe(scan: ProcessScan, suspects: ReadonlySet<string>): readonly ProcessFinding[] {
    const { at } = scan;
    const isGap = this.#lastAt !== undefined && (at < this.#lastAt || at - this.#lastAt > GAP_MS);
    this.#lastAt = at;
    if (isGap) this.#startOver(at);
    this.#minuteAt ??= at;
    for (const id of scan.gone) {
      const minute = this.#minutes.get(id);
      if (minute) this.#bury(id, minute, at, suspects);
    }
    for (const process of scan.processes) this.#see(process, at, suspects);
    if (at - this.#minuteAt >= MINUTE_MS) {
      this.#minuteAt = at;
      this.#endMinute(at, suspects);
    }
    return [...this.#found.values()];
  }

  answer(at: number, wanted?: string): ProfilesAnswer {
    const profiles = [...this.#profiles.values()]
      .filter(({ kind }) => wanted === undefined || kind.includes(wanted))
      .map((profile) => profile.summary(at))
      .sort((one, other) => other.minutes - one.minutes || (one.kind < other.kind ? -1 : 1));
    return { profiles, forgotten: this.#forgotten };
  }

  stored(): readonly StoredProfile[] {
    return [...this.#profiles.values()].map((profile) => profile.stored());
  }

  /** Nothing is known of the time between: what was begun is dropped, what was learned stays. */
  #startOver(at: number): void {
    for (const minute of this.#minutes.values()) {
      this.#touch(minute.profile, at);
      for (const values of minute.latest) learn(minute, values);
    }
    this.#minutes.clear();
    this.#found.clear();
    this.#minuteAt = undefined;
    for (const profile of this.#profiles.values()) profile.running = 0;
  }

  #see(process: Process, at: number, suspects: ReadonlySet<string>): void {
    const minute = this.#minutes.get(process.id);
    if (minute?.see(process)) return;
    if (minute) this.#bury(process.id, minute, at, suspects);
    if (process.executable === undefined || process.state === 'Z') return;
    const profile = this.#profileOf(kindOf(process), at);
    this.#minutes.set(process.id, new Minute(process, profile, at));
    profile.running++;
  }

  /** It ended, or became another program. */
  #bury(id: string, minute: Minute, at: number, suspects: ReadonlySet<string>): void {
    this.#minutes.delete(id);
    const { profile } = minute;
    this.#touch(profile, at);
    profile.running--;
    profile.ended++;
    if (!suspects.has(id)) profile.add('life', (at - minute.process.startedAt) / 1000);
    for (const values of minute.latest) learn(minute, values);
    for (const measure of MEASURES) this.#found.delete(keyOf(id, measure));
  }

  #endMinute(at: number, suspects: ReadonlySet<string>): void {
    this.#agedAt ??= at;
    const aged = at - this.#agedAt;
    if (aged >= AGE_EACH_MS) {
      this.#agedAt = at;
      for (const profile of this.#profiles.values()) profile.age(aged);
    }
    const limit = PER_WEEK / ((WEEK_MINUTES * MEASURES.length * Math.max(1, this.#minutes.size)) / STREAK);
    for (const [id, minute] of this.#minutes) {
      this.#touch(minute.profile, at);
      // That it is named here already must not keep it from becoming the new normal.
      const isTold = MEASURES.some((measure) => minute.streaks[measure]?.told);
      const isSuspect = suspects.has(id) && !isTold;
      const values = minute.end(at);
      minute.latest.push(values);
      for (const measure of MEASURES) {
        const value = values[measure];
        if (value === undefined) continue;
        this.#judge(minute, measure, value, { at, limit, isSuspect });
        const lasts = minute.streaks[measure];
        // Of what is told, also the minutes in which it began.
        if (isSuspect || (lasts?.told && lasts.minutes < NEW_NORMAL)) forget(minute.latest, measure);
      }
      if (minute.latest.length > LATEST) learn(minute, minute.latest.shift()!);
    }
  }

  #judge(minute: Minute, measure: ProfileMeasure, value: number, { at, limit, isSuspect }: When): void {
    const { profile } = minute;
    const key = keyOf(minute.process.id, measure);
    const probability = profile.isMature(measure, at) ? profile.probability(measure, value) : 1;
    const streak = minute.streaks[measure];
    const lasts = streak?.told ? probability < OVER : probability < limit && stands(minute, measure, value);
    if (!lasts) {
      delete minute.streaks[measure];
      this.#found.delete(key);
      return;
    }
    const now = streak ?? { since: at - MINUTE_MS, minutes: 0, told: false };
    minute.streaks[measure] = now;
    now.minutes++;
    // Whoever is named already is not named twice.
    const isNamed = isSuspect || MEASURES.some((other) => minute.streaks[other]?.told);
    if (isNamed || now.minutes < STREAK) return;
    now.told = true;
    this.#found.set(
      key,
      describeUnusual(minute.process, this.#withPid(minute.process.ppid), profile, measure, {
        ...{ value, probability, since: now.since, at, watchedMs: at - profile.firstSeenAt },
      }),
    );
  }

  #profileOf(kind: string, at: number): Profile {
    const known = this.#profiles.get(kind);
    if (known) {
      this.#touch(known, at);
      return known;
    }
    if (this.#profiles.size >= MOST_KINDS) {
      this.#profiles.delete(this.#leastWorth(at).kind);
      this.#forgotten++;
    }
    const profile = new Profile(kind, at);
    this.#profiles.set(kind, profile);
    return profile;
  }

  /** To the end: the first of the map is then the least recently seen. One that was forgotten while it ran stays so. */
  #touch(profile: Profile, at: number): void {
    profile.lastSeenAt = at;
    if (this.#profiles.get(profile.kind) !== profile) return;
    this.#profiles.delete(profile.kind);
    this.#profiles.set(profile.kind, profile);
  }

  /**
   * The first that is neither mature nor running, else not mature, else the first. A flood of new paths (tests that are built and
   * run, or somebody who wants to be forgotten) thereby pushes out itself and nothing that took a day to learn.
   */
  #leastWorth(at: number): Profile {
    const all = [...this.#profiles.values()];
    const young = all.filter((profile) => !profile.isMature('memory', at));
    return young.find(({ running }) => running === 0) ?? young[0] ?? all[0]!;
  }

  #withPid(pid: number): Process | undefined {
    for (const { process } of this.#minutes.values()) if (process.pid === pid) return process;
    return undefined;
  }
}

function learn(minute: Minute, values: Partial<Record<ProfileMeasure, number>>): void {
  for (const measure of MEASURES) {
    const value = values[measure];
    if (value === undefined) continue;
    minute.past[measure] = Math.max(minute.past[measure] ?? 0, value);
    // How long a life is shows at its end, unless it became how it is now.
    if (measure !== 'life' || (minute.streaks.life?.minutes ?? 0) >= NEW_NORMAL)
      minute.profile.add(measure, value);
  }
}

function forget(latest: Minute['latest'], measure: ProfileMeasure): void {
  for (const values of latest) delete values[measure];
}

const keyOf = (id: string, measure: ProfileMeasure): string => `${id} ${measure}`;

/** Out of what is usual by enough to matter, and out of its own past. */
function stands({ past, profile }: Minute, measure: ProfileMeasure, value: number): boolean {
  const high = profile.usual(measure)?.high ?? 0;
  if (value - high < MATTERS[measure]) return false;
  return measure === 'life' || value > OWN_PAST * (past[measure] ?? 0);
}
