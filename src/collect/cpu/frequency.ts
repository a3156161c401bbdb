import { type Metric, series } from '../../model/metric.ts';
import { readUint } from '../bytes.ts';
import { pushGauge } from '../counter.ts';
import type { Host } from '../host.ts';

const FOLDER = '/sys/devices/system/cpu/cpufreq';
const FREQUENCY = series('system.cpu.frequency');
/** Some drivers wake the CPU to answer, so it is asked seldom; the answer is repeated in between. */
const EVERY_MS = 10_000;
/** A machine of hundreds of CPUs is known well enough by some of them. */
const ENOUGH = 16;

/** Mean frequency of the policies of cpufreq (Documentation/admin-guide/pm/cpufreq.rst), which are in kHz. */
export class Frequency {
  #nextAt = Number.NEGATIVE_INFINITY;
  #hertz = Number.NaN;
  #files: readonly string[] = [];

  push(host: Host, at: number, metrics: Metric[]): void {
    if (at >= this.#nextAt) {
      if (this.#nextAt < 0) this.#files = policyFiles(host);
      this.#nextAt = at + EVERY_MS;
      this.#hertz = this.#mean(host);
    }
    pushGauge(metrics, FREQUENCY, this.#hertz);
  }

  #mean(host: Host): number {
    let sum = 0;
    let count = 0;
    for (const file of this.#files) {
      const kilohertz = host.read(file) > 0 ? readUint(host.buffer, 0) : Number.NaN;
      if (!(kilohertz > 0)) continue;
      sum += kilohertz * 1000;
      count++;
    }
    return sum / count;
  }
}

function policyFiles(host: Host): readonly string[] {
  const names = host.list(FOLDER);
  if (typeof names === 'number') return [];
  const policies = names.filter((name) => name.startsWith('policy'));
  return policies.slice(0, ENOUGH).map((name) => `${FOLDER}/${name}/scaling_cur_freq`);
}
