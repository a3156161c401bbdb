/**
 * Writes a history as fast as it can, a simulated second at a time, until it is killed. Says on standard output what was
 * handed to the store, after it was: `t <time>` for a tick, `a <id>` for an anomaly.
 */
import { writeSync } from 'node:fs';
import { ManualClock } from '../../src/lib/clock.ts';
import { openStore } from '../../src/store/store.ts';
import { anomalyAt, tickAt } from './store-kill.data.ts';

const [folder, from] = process.argv.slice(2);
const clock = new ManualClock(Number(from));
const store = openStore({ folder: folder!, clock });
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

say('ready');
for (;;) {
  clock.advance(1000);
  const at = clock.now();
  store.append(tickAt(at));
  say(`t ${at}`);
  if (at % 600_000 === 0) {
    store.appendAnomaly(anomalyAt(at));
    say(`a ${at}`);
  }
  store.maintain(5);
}
