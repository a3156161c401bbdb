/**
 * `train-day.ts write FOLDER`: a history of a day of every feature at 1 s, out of a seeded generator (a load that wanders
 * and features that follow it, with noise), and before it four weeks of minutes. `train-day.ts train FOLDER`: a model of it, as the daemon makes it, while rows
 * go on being written each second; prints what it took as JSON.
 */
import { startTraining } from '../../src/agent/training.ts';
import { ModelRegistry } from '../../src/learn/model-registry.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { FEATURES } from '../../src/model/features.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { START, syntheticSeries } from '../../test/support/synthetic-machine.ts';

const SECONDS = 86_400;
const SLOT_MS = 1000;
/** Every day of the weeks before is like the last one, by the minute: whatever can be learned of the clock is. */
const PAST_MINUTES = 28 * 1440;
const MINUTE_MS = 60_000;
const WATCH_MS = 50;

const [task, folder] = process.argv.slice(2) as [string, string];
const clock = new ManualClock(START - PAST_MINUTES * MINUTE_MS);
if (task === 'write') write(folder);
else console.log(JSON.stringify(await train(folder)));

function write(into: string): void {
  const store = openStore({ folder: into, clock });
  const values = syntheticSeries(SECONDS, 1);
  for (let minute = 0; minute < PAST_MINUTES; minute++) {
    append(store, (key) => values[key]![(minute % 1440) * 60]!, MINUTE_MS);
    store.maintain(5);
  }
  for (let second = 0; second < SECONDS; second++) {
    append(store, (key) => values[key]![second]!);
    store.maintain(5);
  }
  store.close();
}

function append(store: Store, reading: (key: string) => number, stepMs = SLOT_MS): void {
  store.append({
    at: clock.now(),
    metrics: FEATURES.map((series) => ({ series, value: reading(series.key) })),
  });
  clock.advance(stepMs);
}

async function train(from: string) {
  clock.advance(PAST_MINUTES * MINUTE_MS + SECONDS * SLOT_MS);
  const store = openStore({ folder: from, clock });
  const collection = collect(store);
  const beforeMb = process.memoryUsage.rss() / 1e6;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const modelFolder = `${from}/models`;
  const run = startTraining(
    {
      ...{
        phase: 'calibrated',
        from: START,
        to: START + SECONDS * SLOT_MS,
        stepSeconds: 1,
        seed: 1,
        modelFolder,
      },
      ...{ source: { folder: from }, trainedBy: 'daemon', reason: 'a bench' },
    },
    () => {},
  );
  const { id } = await run.done;
  const wall = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const seen = collection.end();
  store.close();
  const { rows } = new ModelRegistry(modelFolder).load(id);
  return { cpu: (user + system) / 1e6, wall, beforeMb, rows, ...seen };
}

/** A row a second by the wall clock, as the collection does; a slot that has passed before its row came is missed. */
function collect(store: Store) {
  const startedAt = performance.now();
  let last = 0;
  let seen = 0;
  let latestMs = 0;
  let rssMb = 0;
  const beat = setInterval(() => {
    rssMb = Math.max(rssMb, process.memoryUsage.rss() / 1e6);
    const slot = Math.floor((performance.now() - startedAt) / SLOT_MS);
    if (slot === last) return;
    latestMs = Math.max(latestMs, performance.now() - startedAt - slot * SLOT_MS);
    last = slot;
    seen++;
    append(store, () => slot % 7);
    store.maintain(5);
  }, WATCH_MS);
  return {
    end() {
      clearInterval(beat);
      return { due: last, seen, latestMs, rssMb };
    },
  };
}
