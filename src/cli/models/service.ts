import { poissonInterval } from '../../lib/poisson.ts';
import type { History } from '../../model/history.ts';
import type { RegisteredModel } from '../../model/registered-model.ts';

/** What a model did while it scored. */
export interface Service {
  /** Anomalies of the machine as a whole that were raised, and for how long it scored, hours. */
  readonly alarms: number;
  readonly hours: number;
  /** 95 % interval of the alarms a day. */
  readonly low: number;
  readonly high: number;
}

/** Counted in the stored anomalies, over the times when the model was the current one. */
export function serviceOf({ events }: RegisteredModel, history: History, now: number): Service {
  let alarms = 0;
  let ms = 0;
  for (const [index, { at, state }] of events.entries()) {
    if (state !== 'current') continue;
    const end = events[index + 1]?.at ?? now;
    ms += end - at;
    alarms += history
      .anomalies({ from: at, to: end })
      .filter(({ kind, raisedAt }) => kind === 'machine' && raisedAt >= at && raisedAt < end).length;
  }
  const hours = ms / 3_600_000;
  const { low, high } = poissonInterval(alarms);
  return { alarms, hours, low: (low / hours) * 24, high: (high / hours) * 24 };
}
