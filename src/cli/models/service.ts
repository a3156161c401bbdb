import { type CountedAlarms, countedAlarms } from '../../model/alarm-rate.ts';
import type { History } from '../../model/history.ts';
import type { RegisteredModel } from '../../model/registered-model.ts';

/** The anomalies of the machine as a whole that were raised while the model was the current one, by the stored history. */
export function serviceOf({ events }: RegisteredModel, history: History, now: number): CountedAlarms {
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
  return countedAlarms(alarms, ms / 1000);
}
