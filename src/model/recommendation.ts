import type { Severity } from './anomaly.ts';

/** What a recommendation is about. */
export type AdviceTarget =
  | { readonly kind: 'process'; readonly id: string; readonly pid: number; readonly unit?: string }
  | { readonly kind: 'service'; readonly unit: string }
  | { readonly kind: 'container'; readonly id: string }
  | { readonly kind: 'filesystem'; readonly mount: string }
  | { readonly kind: 'interface'; readonly name: string }
  | { readonly kind: 'machine' };

/** What a person could do about something. Nothing of it is ever done by Homeostat itself. Texts are escaped, commands are quoted. */
export interface Recommendation {
  /** Of the rule and its target: the same situation gives the same id. */
  readonly id: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly target: AdviceTarget;
  /** For people: `process xmrig (pid 4711)`. */
  readonly subject: string;
  /** What to do, one sentence. */
  readonly advice: string;
  /** What it is concluded from. */
  readonly why: string;
  /** What it would gain, and how that is estimated. */
  readonly gain: string;
  readonly sure: 'high' | 'medium' | 'low';
  /** Why it is no surer, or what would make it sure. */
  readonly because: string;
  /** To be copied; left out where looking is all that can be told. */
  readonly command?: string;
  /** The command, or the sentence, that takes it back. */
  readonly undo: string;
}

/** A process that has much of something. */
export interface TopConsumer {
  readonly resource: 'cpu' | 'memory' | 'disk' | 'files';
  readonly id: string;
  readonly pid: number;
  /** Hostile text. */
  readonly name: string;
  /** Cores, bytes, bytes a second, files. */
  readonly amount: number;
}

/** The answer of `GET /api/v1/recommendations`. */
export interface Advice {
  readonly at: number;
  /** The gravest first. */
  readonly recommendations: readonly Recommendation[];
  /** Three of each resource, the largest first. */
  readonly top: readonly TopConsumer[];
}
