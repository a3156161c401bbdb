import type { BlindSpot } from '../model/coverage.ts';
import type { Metric } from '../model/metric.ts';
import type { ProcessScan } from '../model/process.ts';
import type { Host } from './host.ts';

/** What a collector saw at one moment, and what it could not see. */
export interface Collection {
  readonly metrics: readonly Metric[];
  readonly blind: readonly BlindSpot[];
}

/**
 * host -> metrics. A collector keeps the counters of the previous call to make rates of them, and nothing else.
 * The first call after the start, after a gap, or after a counter wrapped gives no rate: a gap, never a spike.
 * "There is no such thing here" is neither a failure nor a blind spot; "it is there and I may not read it" is a blind spot.
 */
export interface Collector {
  readonly name: string;
  readonly platforms: readonly NodeJS.Platform[];
  /** `at` is monotonic time in ms: rates must not follow a wall clock that jumps. */
  collect(host: Host, at: number): Promise<Collection>;
  /** Is shown every process scan, before the next `collect`: for what only a look at each process can count. */
  observe?(scan: ProcessScan): void;
}
