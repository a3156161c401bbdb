import type { Signal } from './incident.ts';

/** When something is full: most likely, and the interval; ms since the epoch. */
export interface FullAt {
  readonly at: number;
  readonly earliest: number;
  readonly latest: number;
}

/**
 * A series against a line that a person drew, from its beginning to its end. threshold: it stays beyond the line; forecast: it will be
 * full soon. A line of `anomalies.json` is this object as it was when it opened, became more severe or closed; the last line of an id
 * is the whole truth.
 */
export interface Breach extends Signal {
  readonly schema: 1;
  readonly kind: 'threshold' | 'forecast';
  /** The limit's name: `cpu`, `memory`, `disk`, `inodes`, `descriptors`, `swap`, or what the user called it. */
  readonly limit: string;
  /** The line, in the unit of the metric; of a forecast what is full. */
  readonly line: number;
  /** Of a forecast, as it was last told. */
  readonly full?: FullAt;
}

export const isBreach = <Other extends Pick<Signal, 'kind'>>(signal: Other | Breach): signal is Breach =>
  signal.kind === 'threshold' || signal.kind === 'forecast';

/** What is known of something that can run full, or why nothing can be said. */
export interface Forecast {
  /** The key of the series that tells how much is used: a ratio. */
  readonly metric: string;
  /** The limit's name, as of a breach. */
  readonly limit: string;
  /** For people: `file system /var`, `memory`. Hostile text. */
  readonly subject: string;
  /** The latest minute, ms since the epoch. */
  readonly at: number;
  /** Share that is used, over that minute. */
  readonly level: number;
  /** The trend: change of the share a day, and the time over which it was measured, ms. Left out before there is enough data. */
  readonly perDay?: number;
  readonly overMs?: number;
  readonly full?: FullAt;
  /** Why there is no time, or what it is made of; one phrase for people. */
  readonly why: string;
}
