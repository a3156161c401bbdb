import type { Notice } from '../model/incident.ts';

/** Something that could be done about an incident, for a person. Hostile text. */
export interface Advice {
  readonly what: string;
  /** To copy; nothing runs it by itself. */
  readonly command?: string;
}

/** A notice as a channel is handed it. */
export interface Told {
  readonly notice: Notice;
  readonly advice: readonly Advice[];
  /** Of the dashboard, where it can be reached. */
  readonly link: string | undefined;
  /** What the channel left when it told of this incident before, so that what follows joins it. */
  readonly thread: string | undefined;
  /** Somebody tries the channel: nothing happened. */
  readonly test?: true;
}

/** How it went. `why` is one line for a person and has no secret in it. */
export type Outcome =
  | {
      readonly kind: 'sent';
      /** What of it did not go as it should. */
      readonly note?: string;
      /** By incident: what the channel wants to find in `thread` the next time. */
      readonly threads?: ReadonlyMap<string, string>;
    }
  /** Not before `afterMs`, where the other side says so. */
  | { readonly kind: 'retry'; readonly why: string; readonly afterMs?: number }
  | { readonly kind: 'failed'; readonly why: string };

/** One way to reach a person. */
export interface Notifier {
  readonly name: string;
  /**
   * Tells all of `notices`, of different incidents, as one message; one alone is told in full. To be broken off when `signal` says so. What it
   * rejects with counts as `retry`.
   */
  notify(notices: readonly Told[], signal: AbortSignal): Promise<Outcome>;
}

/** A metric's history around an incident: ms since the epoch and value, by time. Empty where there is none. */
export type ReadSeries = (
  host: string,
  metric: string,
  from: number,
  to: number,
) => readonly (readonly [number, number])[];

/** What channels are made with, besides their settings. */
export interface ChannelContext {
  readonly env: NodeJS.ProcessEnv;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly version: string;
  readonly series: ReadSeries;
}
