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

const SHORTEST_SHADOW = 2 * 60_000;
const LONGEST_SHADOW = 30 * 60_000;
const SHADOW_SHARE = 0.1;

/** How long a new model runs beside the old one: a tenth of the usable time that it was trained on, 2 to 30 min. */
export function shadowMs(trainedMs: number): number {
  return Math.min(LONGEST_SHADOW, Math.max(SHORTEST_SHADOW, trainedMs * SHADOW_SHARE));
}

/** A model is not trained for drift more often than this, in usable time: the next window must be full of new rows. */
export const driftRetryMs = (windowMs: number): number => Math.max(HOUR, windowMs);

/** Of a day of history some is always missing: a start, a training, an anomaly. */
const ENOUGH_SHARE = 0.9;

/** What a model may call itself that was trained on so much usable history at once. */
export function enoughFor(usableMs: number, calibratedAfterMs = DAY): MachineModel['phase'] {
  return usableMs >= ENOUGH_SHARE * calibratedAfterMs ? 'calibrated' : 'provisional';
}
