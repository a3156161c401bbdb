/**
 * Pressure stall information (Documentation/accounting/psi.rst): `total=` counts the µs in which some, or all, tasks
 * waited for a resource. Its increase over the interval is the share of that time; the kernel's own averages are too slow.
 */
import type { BlindSpot } from '../../model/coverage.ts';
import { type Metric, type Series, series } from '../../model/metric.ts';
import { denied } from '../blind.ts';
import { nextLine, readUint, startsWith } from '../bytes.ts';
import type { Collection, Collector } from '../collector.ts';
import { Counter, Interval, pushGauge } from '../counter.ts';
import { DENIED, type Host } from '../host.ts';

const SOME = Buffer.from('some ');
const TOTAL = Buffer.from('total=');
const MICROSECONDS = 1e6;

interface Resource {
  readonly path: string;
  /** Its own: a file that cannot be read for a while is a gap in that resource only. */
  readonly interval: Interval;
  readonly some: Series;
  /** Undefined for the CPU: the kernel prints a 0 there that means nothing for a whole machine. */
  readonly full: Series | undefined;
  readonly someCounter: Counter;
  readonly fullCounter: Counter;
}

export function createPressureCollector(): Collector {
  return new LinuxPressure();
}

class LinuxPressure implements Collector {
  readonly name = 'pressure';
  readonly platforms: readonly NodeJS.Platform[] = ['linux'];
  readonly #resources: readonly Resource[] = ['cpu', 'memory', 'io'].map((resource) => ({
    path: `/proc/pressure/${resource}`,
    interval: new Interval(),
    some: series('system.linux.pressure.some', { resource }),
    full: resource === 'cpu' ? undefined : series('system.linux.pressure.full', { resource }),
    someCounter: new Counter(),
    fullCounter: new Counter(),
  }));

  async collect(host: Host, at: number): Promise<Collection> {
    const metrics: Metric[] = [];
    const blind: BlindSpot[] = [];
    for (const resource of this.#resources) {
      // A kernel booted with psi=0 has the files and refuses to read them: there is no such thing here, as if MISSING.
      const length = host.read(resource.path);
      if (length > 0) shares(host.buffer, resource, metrics, resource.interval.step(at));
      else if (length === DENIED) blind.push(denied(resource.path));
    }
    return { metrics, blind };
  }
}

function shares(buffer: Buffer, resource: Resource, metrics: Metric[], seconds: number): void {
  for (let line = 0; buffer[line] !== 0; line = nextLine(buffer, line)) {
    const some = startsWith(buffer, line, SOME);
    const counter = some ? resource.someCounter : resource.fullCounter;
    const shown = some ? resource.some : resource.full;
    const share = counter.increase(total(buffer, line)) / MICROSECONDS / seconds;
    // The kernel accounts stalls at its own beat, so one interval may show a little more time than has passed.
    if (shown && share >= 0) pushGauge(metrics, shown, Math.min(share, 1));
  }
}

function total(buffer: Buffer, line: number): number {
  const end = nextLine(buffer, line);
  const label = buffer.indexOf(TOTAL, line);
  return label >= 0 && label < end ? readUint(buffer, label + TOTAL.length) : Number.NaN;
}
