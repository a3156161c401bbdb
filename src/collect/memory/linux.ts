/**
 * Memory and swap from /proc/meminfo, paging from /proc/vmstat (Documentation/filesystems/proc.rst 1.2, mm/vmstat.c).
 *
 * The states sum to the total: used = total - free - buffers - cached - reclaimable slab, as free(1) has it; cached holds
 * the page cache and shared memory without the slab. Utilization follows MemAvailable instead, the kernel's own estimate.
 */
import type { BlindSpot } from '../../model/coverage.ts';
import { type Metric, series } from '../../model/metric.ts';
import { readOrBlind } from '../blind.ts';
import type { Collection, Collector } from '../collector.ts';
import { Interval, pushGauge, Rate } from '../counter.ts';
import type { Host } from '../host.ts';
import { LabelledValues } from '../labels.ts';

const MEMINFO = '/proc/meminfo';
const VMSTAT = '/proc/vmstat';
/** /proc/meminfo says kB and means KiB. */
const KIB = 1024;

const state = (value: string) => series('system.memory.usage', { 'system.memory.state': value });
const USED = state('used');
const FREE = state('free');
const CACHED = state('cached');
const BUFFERS = state('buffers');
const UTILIZATION = series('system.memory.utilization');
const AVAILABLE = series('system.memory.linux.available');
const SLAB = series('system.memory.linux.slab.usage');
const RECLAIMABLE = series('system.memory.linux.slab.usage', {
  'system.memory.linux.slab.state': 'reclaimable',
});
const UNRECLAIMABLE = series('system.memory.linux.slab.usage', {
  'system.memory.linux.slab.state': 'unreclaimable',
});
const SWAP_USED = series('system.paging.usage', { 'system.paging.state': 'used' });
const SWAP_FREE = series('system.paging.usage', { 'system.paging.state': 'free' });
const SWAP_UTILIZATION = series('system.paging.utilization');

export function createMemoryCollector(): Collector {
  return new LinuxMemory();
}

class LinuxMemory implements Collector {
  readonly name = 'memory';
  readonly platforms: readonly NodeJS.Platform[] = ['linux'];
  readonly #interval = new Interval();
  readonly #memory = new LabelledValues([
    'MemTotal:',
    'MemFree:',
    'MemAvailable:',
    'Buffers:',
    'Cached:',
    'SwapTotal:',
    'SwapFree:',
    'Slab:',
    'SReclaimable:',
    'SUnreclaim:',
  ]);
  readonly #paging = new LabelledValues(['pswpin ', 'pswpout ', 'pgfault ', 'pgmajfault ']);
  readonly #in = new Rate(series('system.paging.operations', { 'system.paging.direction': 'in' }));
  readonly #out = new Rate(series('system.paging.operations', { 'system.paging.direction': 'out' }));
  readonly #major = new Rate(series('system.paging.faults', { 'system.paging.fault.type': 'major' }));
  readonly #minor = new Rate(series('system.paging.faults', { 'system.paging.fault.type': 'minor' }));

  async collect(host: Host, at: number): Promise<Collection> {
    const metrics: Metric[] = [];
    const blind: BlindSpot[] = [];
    if (readOrBlind(host, MEMINFO, blind, true) > 0) {
      this.#memory.read(host.buffer);
      usage(this.#memory.values, metrics);
    }
    if (readOrBlind(host, VMSTAT, blind, true) > 0) {
      this.#paging.read(host.buffer);
      this.#rates(this.#paging.values, metrics, this.#interval.step(at));
    }
    return { metrics, blind };
  }

  #rates(values: Float64Array, metrics: Metric[], seconds: number): void {
    const [pagesIn = Number.NaN, out = Number.NaN, faults = Number.NaN, major = Number.NaN] = values;
    this.#in.push(metrics, pagesIn, seconds);
    this.#out.push(metrics, out, seconds);
    this.#major.push(metrics, major, seconds);
    this.#minor.push(metrics, faults - major, seconds);
  }
}

function usage(values: Float64Array, metrics: Metric[]): void {
  const total = values[0]! * KIB;
  const free = values[1]! * KIB;
  const available = values[2]! * KIB;
  const buffers = values[3]! * KIB;
  const cached = values[4]! * KIB;
  const reclaimable = values[8]! * KIB;
  const used = total - free - buffers - cached - reclaimable;
  if (used >= 0) pushGauge(metrics, USED, used);
  pushGauge(metrics, FREE, free);
  pushGauge(metrics, CACHED, cached);
  pushGauge(metrics, BUFFERS, buffers);
  pushGauge(metrics, AVAILABLE, available);
  // In a container the two may come from different sources and not fit together.
  if (available <= total) pushGauge(metrics, UTILIZATION, 1 - available / total);
  pushGauge(metrics, SLAB, values[7]! * KIB);
  pushGauge(metrics, RECLAIMABLE, reclaimable);
  pushGauge(metrics, UNRECLAIMABLE, values[9]! * KIB);
  swap(values[5]! * KIB, values[6]! * KIB, metrics);
}

/** A machine without swap uses none of it: 0, so that the row of features is whole. */
function swap(total: number, free: number, metrics: Metric[]): void {
  if (!(free <= total)) return;
  pushGauge(metrics, SWAP_USED, total - free);
  pushGauge(metrics, SWAP_FREE, free);
  pushGauge(metrics, SWAP_UTILIZATION, total > 0 ? (total - free) / total : 0);
}
