import type { MachineModel } from '../model/machine-model.ts';

/** How much usable history must have been seen, ms. */
export interface LearningSpans {
  readonly provisionalAfterMs: number;
  readonly calibratedAfterMs: number;
}

const DAY = 86_400_000;
/** After the first model the next one comes at three times its history: what is new then outweighs what was known. */
const SECOND = 3;

/**
 * How much must have been seen for the next training, when the last one had seen `trainedMs` (undefined: there was none).
 * By default: 10 min, 30 min, 1 h, 2 h, 4 h, 8 h, 16 h, then 24 h (calibrated) and each day after.
 */
export function nextTrainingMs(trainedMs: number | undefined, spans: LearningSpans): number {
  const { provisionalAfterMs, calibratedAfterMs } = spans;
  const first = Math.min(provisionalAfterMs, calibratedAfterMs);
  if (trainedMs === undefined || trainedMs < first) return first;
  if (trainedMs >= calibratedAfterMs) {
    const days = Math.floor((trainedMs - calibratedAfterMs) / DAY) + 1;
    return calibratedAfterMs + days * DAY;
  }
  let next = provisionalAfterMs * SECOND;
  while (next <= trainedMs) next *= 2;
  return Math.min(next, calibratedAfterMs);
}

/** What a model that has seen so much may call itself. */
export function phaseFor(seenMs: number, { calibratedAfterMs }: LearningSpans): MachineModel['phase'] {
  return seenMs >= calibratedAfterMs ? 'calibrated' : 'provisional';
}

const HOUR = 3_600_000;

/**
 * An anomaly that lasted longer than this is how the machine is now: a quarter of the history, an hour at the least. Until
 * then learning waits while it is open, and leaves it out when it is over.
 */
export function newNormalMs(historyMs: number): number {
  return Math.max(HOUR, historyMs / 4);
}
