import { quantile } from '../lib/quantile.ts';
import { COMPARED, type Compared, fromScale, leastOnScale, toScale } from './compared.ts';

/** Fewer hosts have no middle that one of them could be far from. */
const LEAST_HOSTS = 5;
/** Windows in a row in which a host must be out: what passes within five minutes is told by nobody. */
const PERSISTENCE = 5;
/** Windows (minutes) before a host's usual place among its peers is known, and before it is judged: as all else here, a day. */
const SETTLED_AFTER = 60;
const JUDGED_AFTER = 1440;
/** Over so many its usual place is learned. */
const LEARNED_OVER = 1440;
const SPREAD_OVER = 60;
/** Out: so many robust standard deviations of the peers, and beyond what this host ever was for as long. */
const SPREADS = 4;
/**
 * How far beyond: so far that all hosts and metrics together find one such thing a week where nothing is wrong. How far a host goes
 * falls off with this power of the distance: with a series of n minutes behind it, the next one is k times as far as the farthest of
 * them with a probability of 1 / (n k^3).
 */
const POWER = 3;
const WEEK = 7 * 1440;
/** What a host once did is half forgotten after a week, and so no more than this is behind it, minutes. */
const FORGET = 2 ** (-1 / WEEK);
const REMEMBERED = 2 * WEEK;
/** What lasts a day is how it is now. */
const ACCEPTED_AFTER = 1440;
/** Of a normal distribution, a standard deviation for each median absolute deviation. */
const NORMAL = 1.4826;

/** How a host stands among its peers in one metric. All on the scale of `toScale`. */
export interface Standing {
  /** Windows that it was learned from. */
  windows: number;
  /** Its usual distance from the middle of all hosts. */
  offset: number;
  /** The farthest that it was from that for `PERSISTENCE` windows in a row. */
  farthest: number;
  /** The latest distances from its usual place, and how far it was for as long since it was on the other side of it. */
  latest: number[];
  lately: number;
  /** While it is out: for how many windows, and how far at the most. */
  out: number;
  peak: number;
}

/** By metric. */
export type Standings = Record<string, Standing>;

/** A host that is far from its peers in one metric. */
export interface Outlier {
  readonly metric: string;
  /** Its level in the latest window, and where its peers are, moved to where it usually stands among them; in the metric's unit. */
  readonly observed: number;
  readonly expectedLow: number;
  readonly expectedHigh: number;
  readonly peers: number;
  /** How far, in units of the least that would be told. */
  readonly distance: number;
  /** Windows that its usual place was learned from. */
  readonly windows: number;
}

interface Level {
  sum: number;
  count: number;
}

/**
 * Compares each host with the others, minute by minute: its level against the median of all, less its usual distance from it, which is
 * learned over a day. A change that all hosts make together is none, and a large host is not unusual for being large.
 */
export class Peers {
  readonly #standings = new Map<string, Standings>();
  readonly #window = new Map<string, Map<string, Level>>();
  readonly #spreads = new Map<string, { readonly windows: number; readonly mean: number }>();

  /** Takes up what was learned of a host before. */
  learned(host: string, standings: Standings): void {
    this.#standings.set(host, standings);
  }

  /** What was learned of a host, to be kept. */
  standings(host: string): Standings {
    return this.#standings.get(host) ?? {};
  }

  /** A value of the window at hand. Those of metrics that are not compared are not looked at. */
  add(host: string, metric: string, value: number): void {
    if (!BY_METRIC.has(metric) || !Number.isFinite(value)) return;
    let levels = this.#window.get(metric);
    if (!levels) {
      levels = new Map();
      this.#window.set(metric, levels);
    }
    const level = levels.get(host);
    if (level) {
      level.sum += value;
      level.count++;
    } else levels.set(host, { sum: value, count: 1 });
  }

  /** Ends the window: who is out now, by host. To be called each minute. */
  close(): Map<string, Outlier[]> {
    const found = new Map<string, Outlier[]>();
    for (const [metric, levels] of this.#window) {
      if (levels.size < LEAST_HOSTS) continue;
      for (const [host, outlier] of this.#compare(BY_METRIC.get(metric)!, levels)) {
        const others = found.get(host);
        if (others) others.push(outlier);
        else found.set(host, [outlier]);
      }
    }
    this.#window.clear();
    return found;
  }

  *#compare(compared: Compared, levels: ReadonlyMap<string, Level>): Generator<[string, Outlier]> {
    const hosts = [...levels].map(([host, { sum, count }]) => ({
      host,
      standing: this.#standing(host, compared.metric),
      level: toScale(compared, sum / count),
    }));
    const middle = median(hosts.map(({ level }) => level));
    const distances = hosts.map(({ level, standing }) => level - middle - standing.offset);
    const spread = this.#spread(compared.metric, NORMAL * median(distances.map(Math.abs)));
    for (const [index, { host, level, standing }] of hosts.entries()) {
      const least = Math.max(leastOnScale(compared), SPREADS * spread);
      const isOut = observe(standing, distances[index]!, least, hosts.length * COMPARED.length);
      if (!isOut) continue;
      const places = hosts
        .filter((other) => other.host !== host)
        .map((other) => other.level - other.standing.offset + standing.offset)
        .sort((one, other) => one - other);
      yield [
        host,
        {
          metric: compared.metric,
          observed: fromScale(compared, level),
          expectedLow: fromScale(compared, quantile(places, 0.1)),
          expectedHigh: fromScale(compared, quantile(places, 0.9)),
          peers: places.length,
          distance: Math.abs(distances[index]!) / leastOnScale(compared),
          windows: standing.windows,
        },
      ];
    }
  }

  /** The usual spread of the hosts, an hour's mean: that of a minute is a matter of chance where the hosts are few. */
  #spread(metric: string, now: number): number {
    const before = this.#spreads.get(metric) ?? { windows: 0, mean: 0 };
    const windows = Math.min(before.windows + 1, SPREAD_OVER);
    const mean = before.mean + (now - before.mean) / windows;
    this.#spreads.set(metric, { windows, mean });
    return mean;
  }

  #standing(host: string, metric: string): Standing {
    let standings = this.#standings.get(host);
    if (!standings) {
      standings = {};
      this.#standings.set(host, standings);
    }
    standings[metric] ??= { windows: 0, offset: 0, farthest: 0, latest: [], lately: 0, out: 0, peak: 0 };
    return standings[metric];
  }
}

const BY_METRIC: ReadonlyMap<string, Compared> = new Map(COMPARED.map((one) => [one.metric, one]));

const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((one, other) => one - other),
    0.5,
  );

/** Whether the host is out in this window, as one of so many series; what is usual of it is learned meanwhile. */
function observe(standing: Standing, distance: number, least: number, series: number): boolean {
  const { latest } = standing;
  latest.push(distance);
  if (latest.length > PERSISTENCE) latest.shift();
  const lasting = lastingDistance(latest);
  standing.farthest *= FORGET;
  const limit = Math.max(least, beyond(standing, series) * standing.farthest);
  // Who is out comes back in at less than half of what it takes to be out: it does not come and go at the limit.
  const isOut =
    standing.out > 0 ? Math.abs(distance) > limit / 2 : lasting > limit && standing.windows >= JUDGED_AFTER;
  if (isOut && standing.out < ACCEPTED_AFTER) {
    standing.out++;
    standing.peak = Math.max(standing.peak, lasting);
    return true;
  }
  if (isOut) accept(standing, distance);
  else if (standing.out > 0) comeBack(standing);
  learn(standing, distance, lasting, limit);
  return false;
}

/** So many times as far as ever before is news. */
const beyond = ({ windows }: Standing, series: number): number =>
  Math.max(1, (series * WEEK) / Math.max(1, Math.min(windows - SETTLED_AFTER, REMEMBERED))) ** (1 / POWER);

const isSettled = ({ windows }: Standing): boolean => windows >= SETTLED_AFTER;

/** How far it was in each of the latest windows, on the same side. */
function lastingDistance(latest: readonly number[]): number {
  if (latest.length < PERSISTENCE) return 0;
  const low = Math.min(...latest);
  const high = Math.max(...latest);
  return low > 0 ? low : high < 0 ? -high : 0;
}

/** It is how the host is now. */
function accept(standing: Standing, distance: number): void {
  standing.offset += distance;
  standing.latest = [];
  standing.lately = 0;
  standing.out = 0;
  standing.peak = 0;
}

/** What was told once is no news when it comes again soon. */
function comeBack(standing: Standing): void {
  standing.farthest = Math.max(standing.farthest, standing.peak);
  standing.lately = 0;
  standing.out = 0;
  standing.peak = 0;
}

/** Beyond `limit` a window may be the first of those that are told: it teaches nothing of what is usual. */
function learn(standing: Standing, distance: number, lasting: number, limit: number): void {
  const weight = 1 / Math.min(standing.windows + 1, LEARNED_OVER);
  if (standing.windows < JUDGED_AFTER || Math.abs(distance) <= limit) standing.offset += weight * distance;
  standing.windows++;
  // Before it is known where a host stands, nothing is far from there.
  if (!isSettled(standing)) return;
  if (lasting === 0) {
    standing.farthest = Math.max(standing.farthest, standing.lately);
    standing.lately = 0;
  } else standing.lately = Math.max(standing.lately, lasting);
}
