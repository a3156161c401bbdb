import { join } from 'node:path';
import { ManualClock } from '../../src/lib/clock.ts';
import { FEATURES } from '../../src/model/features.ts';
import { openStore } from '../../src/store/store.ts';
import { syntheticSeries } from './synthetic-machine.ts';

/** What `withHistory` writes. */
export const SECONDS = 1800;

/** A data folder with half an hour of a synthetic machine, which ended a minute ago; when it began, ms since the epoch. */
export function withHistory(folder: string): number {
  const start = Date.now() - (SECONDS + 60) * 1000;
  const clock = new ManualClock(start);
  const store = openStore({ folder: join(folder, 'data'), clock });
  const values = syntheticSeries(SECONDS, 1);
  for (let second = 0; second < SECONDS; second++) {
    const metrics = FEATURES.map((series) => ({ series, value: values[series.key]![second]! }));
    store.append({ at: clock.now(), metrics });
    clock.advance(1000);
  }
  store.close();
  return start;
}
