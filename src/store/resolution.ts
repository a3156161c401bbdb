import type { HistoryQuery } from '../model/history.ts';
import type { ChunkKind } from './kinds.ts';

/** Where a query is answered from, and the step of its points. */
export interface Plan {
  readonly kind: Exclude<ChunkKind, 'process'>;
  readonly stepMs: number;
}

const DEFAULT_MAX_POINTS = 2000;
const DAY = 86_400;
/** Steps that a person reads from an axis, in seconds; above the last one, whole days. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, DAY];
const COARSER = { raw: 'minute', minute: 'hour', hour: undefined } as const;
const SECONDS = { raw: 1, minute: 60, hour: 3600 } as const;
const KIND = { 1: 'raw', 60: 'minute', 3600: 'hour' } as const;

/**
 * The finest step that gives at most `maxPoints` a series, from the coarsest kind that has it. A resolution that is
 * asked for is kept; its points are merged only where `maxPoints` is asked for too.
 *
 * @param keptSince since when each kind is complete: what retention or the cap dropped ends there
 */
export function plan(query: HistoryQuery, keptSince: (kind: Plan['kind']) => number): Plan {
  const span = Math.max(0, query.to - query.from) / 1000;
  if (query.resolution !== undefined) {
    const { resolution, maxPoints } = query;
    const merged = maxPoints === undefined ? 1 : Math.max(1, Math.ceil(span / resolution / maxPoints));
    return { kind: KIND[resolution], stepMs: resolution * merged * 1000 };
  }
  const finest = span / Math.max(1, query.maxPoints ?? DEFAULT_MAX_POINTS);
  let step = STEPS.find((seconds) => seconds >= finest) ?? Math.ceil(finest / DAY) * DAY;
  let kind: Plan['kind'] = step >= SECONDS.hour ? 'hour' : step >= SECONDS.minute ? 'minute' : 'raw';
  for (let coarser = COARSER[kind]; coarser && keptSince(kind) > query.from; coarser = COARSER[kind]) {
    kind = coarser;
    step = Math.max(step, SECONDS[kind]);
  }
  return { kind, stepMs: step * 1000 };
}
