import type { Collector } from '../../src/collect/collector.ts';
import { RecordedHost, type RecordedTick } from '../../src/collect/recorded-host.ts';
import type { BlindSpot } from '../../src/model/coverage.ts';

/** One moment of a small machine made for a test; `monotonic` is 1000 ms after the one before where it is left out. */
export type SmallTick = Partial<RecordedTick>;

/** A machine of the few files that a test is about. Each tick holds only what differs from the one before. */
export function smallHost(...ticks: readonly SmallTick[]): RecordedHost {
  const complete: RecordedTick[] = [];
  for (const tick of ticks) {
    const monotonic = tick.monotonic ?? (complete.at(-1)?.monotonic ?? 0) + 1000;
    complete.push({ wall: monotonic, files: {}, folders: {}, links: {}, spaces: {}, ...tick, monotonic });
  }
  return new RecordedHost({
    format: 'homeostat-host',
    version: 1,
    platform: 'linux',
    note: 'made for a test',
    ticks: complete,
  });
}

export interface Collected {
  /** Series key to value. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly blind: readonly BlindSpot[];
}

/** What the collector says at each tick of the host; what file systems answer is there before the next tick. */
export async function collectAll(collector: Collector, host: RecordedHost): Promise<Collected[]> {
  const collected: Collected[] = [];
  for (const index of host.ticks.keys()) {
    const { monotonic } = host.seek(index);
    const { metrics, blind } = await collector.collect(host, monotonic);
    const values = metrics.map(({ series, value }) => [series.key, Number(value.toPrecision(12))] as const);
    collected.push({ metrics: Object.fromEntries(values), blind });
    await new Promise((resolve) => setImmediate(resolve));
  }
  return collected;
}
