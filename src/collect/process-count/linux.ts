/**
 * How many processes there are, and how many of them are zombies (state Z; OpenTelemetry says defunct).
 *
 * Only a look at each process tells a zombie, and the full scan looks at each process anyway: this collector counts what
 * the scan saw and repeats it until the next one (5 s by default). Forks and threads are known each second (`cpu`), so a
 * storm does not wait. Without a scan that is young enough it says nothing.
 */
import { type Metric, series } from '../../model/metric.ts';
import type { ProcessScan } from '../../model/process.ts';
import type { Collection, Collector } from '../collector.ts';
import { pushGauge } from '../counter.ts';
import type { Host } from '../host.ts';

const COUNT = series('system.process.count');
const DEFUNCT = series('system.process.count', { 'process.state': 'defunct' });
/** Longer than two of the longest intervals between full scans. */
const STALE_MS = 120_000;

export function createProcessCountCollector(): Collector {
  return new ProcessCount();
}

class ProcessCount implements Collector {
  readonly name = 'process-count';
  readonly platforms: readonly NodeJS.Platform[] = ['linux'];
  #count = Number.NaN;
  #defunct = Number.NaN;
  #scannedAt = Number.NaN;
  #fresh = false;

  observe(scan: ProcessScan): void {
    if (!scan.full) return;
    let defunct = 0;
    for (const { state } of scan.processes) if (state === 'Z') defunct++;
    this.#count = scan.processes.length;
    this.#defunct = defunct;
    this.#fresh = true;
  }

  async collect(_host: Host, at: number): Promise<Collection> {
    if (this.#fresh) this.#scannedAt = at;
    this.#fresh = false;
    if (!(at - this.#scannedAt < STALE_MS)) return { metrics: [], blind: [] };
    const metrics: Metric[] = [];
    pushGauge(metrics, COUNT, this.#count);
    pushGauge(metrics, DEFUNCT, this.#defunct);
    return { metrics, blind: [] };
  }
}
