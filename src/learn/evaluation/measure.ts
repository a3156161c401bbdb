import { aucPr } from './auc-pr.ts';
import { aucRoc } from './auc-roc.ts';
import { countEvents, type EventCounts, isFound } from './events.ts';
import type { LabelledSet } from './labelled-set.ts';
import { segmentsOf } from './segments.ts';
import { vusPr } from './vus-pr.ts';

/** What a detector made of the test rows of a set. */
export interface Judged {
  readonly score: Float32Array;
  /** 1 where the row is part of an alarm. */
  readonly flags: Uint8Array;
  /** The column named first as the cause, as of each flagged row; -1 where none is. */
  readonly firstNamed: Int32Array;
}

/** How good it was. NaN where the set does not say enough to tell. */
export interface Measures {
  readonly aucPr: number;
  readonly vusPr: number;
  readonly aucRoc: number;
  readonly events: EventCounts | undefined;
  /** Found events of which somebody labelled the causes, and those of them whose first-named column is one. */
  readonly explained: { readonly events: number; readonly right: number };
}

/** Compares what a detector made of a set with its labels, one a test row. */
export function measure(judged: Judged, labels: Uint8Array, set: LabelledSet): Measures {
  const { score, flags } = judged;
  return {
    aucPr: aucPr(score, labels),
    vusPr: set.vusWindow === undefined ? Number.NaN : vusPr(score, labels, set.vusWindow),
    aucRoc: aucRoc(score, labels),
    events: set.gap === undefined ? undefined : countEvents(flags, labels, set.gap, set.perDay),
    explained: countExplained(judged, labels, set),
  };
}

/** Each found event by its flagged row with the highest score: that is the one whose explanation a person is shown. */
function countExplained(
  { score, flags, firstNamed }: Judged,
  labels: Uint8Array,
  { causes }: LabelledSet,
): Measures['explained'] {
  let events = 0;
  let right = 0;
  for (const segment of segmentsOf(labels)) {
    const { first, last } = segment;
    const columns = (causes ?? [])
      .filter((cause) => cause.first <= last && cause.end > first)
      .flatMap((cause) => cause.columns);
    if (columns.length === 0 || !isFound(flags, segment)) continue;
    let highest = -1;
    for (let row = first; row <= last; row++) {
      if (flags[row] !== 0 && (highest < 0 || score[row]! > score[highest]!)) highest = row;
    }
    events++;
    if (columns.includes(firstNamed[highest]!)) right++;
  }
  return { events, right };
}
