import type { Anomaly } from '../model/anomaly.ts';
import type { History } from '../model/history.ts';
import type { ProcessScan } from '../model/process.ts';
import type { ProfilesAnswer } from '../model/profile.ts';
import type { Band } from '../model/score.ts';
import type { ScoreNow, Status } from '../model/status.ts';

/** What the HTTP API needs from the rest; the wiring hands it in. */
export interface Source {
  readonly history: History;
  status(): Status;
  /** The latest full scan, with busy processes as last read; undefined before the first one. */
  processes(): ProcessScan | undefined;
  /** What kinds of processes usually do; of those whose path holds `wanted`, where it is given. */
  profiles(wanted?: string): ProfilesAnswer;
  /** Expected band of each series that has one, by key. */
  bands(): Readonly<Record<string, Band>>;
  /** Calls `listener` for each event until the returned function is called. */
  subscribe(listener: (event: LiveEvent) => void): () => void;
}

/** What the live stream carries. `values` is by series key. */
export type LiveEvent =
  | {
      readonly type: 'sample';
      readonly at: number;
      readonly values: Readonly<Record<string, number>>;
      readonly score: ScoreNow | undefined;
    }
  | { readonly type: 'processes'; readonly at: number }
  | { readonly type: 'anomaly'; readonly anomaly: Anomaly }
  | { readonly type: 'status'; readonly status: Status };
