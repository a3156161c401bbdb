import type { Tick } from '../model/metric.ts';
import type { ProcessScan } from '../model/process.ts';
import { type Family, familiesOf } from './family.ts';
import { type OwnState, ownFamilies } from './own-metrics.ts';
import { topProcesses } from './top-processes.ts';

/** A value that is older is not current any more: three intervals, and half a minute at least, ms. */
const CURRENT_MS = 30_000;

export interface CurrentOptions {
  readonly own: () => OwnState;
  readonly processes: () => ProcessScan | undefined;
  /** How many processes are told of; 0: none. */
  readonly most: number;
}

/** What is known of the machine and of Homeostat now. */
export class Current {
  readonly #options: CurrentOptions;
  #latest: Tick | undefined;

  constructor(options: CurrentOptions) {
    this.#options = options;
  }

  tick(tick: Tick): void {
    this.#latest = tick;
  }

  /** What Homeostat tells of itself. */
  ownFamilies(): Family[] {
    return ownFamilies(this.#options.own());
  }

  families(): Family[] {
    const own = this.#options.own();
    const { at, intervals } = own.status;
    const isCurrent = this.#latest && at - this.#latest.at <= Math.max(CURRENT_MS, 3 * intervals.metricsMs);
    const machine = isCurrent ? familiesOf(this.#latest!.metrics) : [];
    return [...machine, ...topProcesses(this.#options.processes(), this.#options.most), ...ownFamilies(own)];
  }
}
