import { collectorsFor } from '../../src/collect/registry.ts';
import { createProcessScanner } from '../../src/collect/process/linux.ts';
import { RecordedHost, type Recording } from '../../src/collect/recorded-host.ts';
import type { BlindSpot } from '../../src/model/coverage.ts';
import type { Metric } from '../../src/model/metric.ts';
import type { Process, ProcessScan } from '../../src/model/process.ts';

/** What all collectors and the process scan made of one tick of a recorded host, in a form that people can compare. */
export interface ReplayedTick {
  readonly metrics: Record<string, number>;
  /** `collector: what: why` */
  readonly blind: readonly string[];
  readonly processCount: number;
  readonly gone: readonly string[];
  readonly unreadable: ProcessScan['unreadable'];
  /** One line a process: every process of a small machine, every 25th of a large one. */
  readonly processes: readonly string[];
}

const LARGE = 100;
const EVERY = 25;

/** Plays a recording through fresh collectors and a fresh scanner, as the schedule would. */
export async function replay(recording: Recording): Promise<readonly ReplayedTick[]> {
  const host = new RecordedHost(recording);
  const collectors = collectorsFor(host.platform);
  const scanner = createProcessScanner(host);
  const ticks: ReplayedTick[] = [];
  for (const index of host.ticks.keys()) {
    const at = host.seek(index);
    const metrics: Metric[] = [];
    const blind: string[] = [];
    for (const collector of collectors) {
      const collection = await collector.collect(host, at.monotonic);
      metrics.push(...collection.metrics);
      blind.push(...collection.blind.map((spot) => describe(collector.name, spot)));
    }
    const scan = scanner.scan(at, true);
    blind.push(...scanner.blindSpots().map((spot) => describe('processes', spot)));
    for (const collector of collectors) collector.observe?.(scan);
    // File systems answer between two ticks.
    await new Promise((resolve) => setImmediate(resolve));
    ticks.push(replayed(metrics, blind, scan));
  }
  return ticks;
}

function replayed(metrics: readonly Metric[], blind: readonly string[], scan: ProcessScan): ReplayedTick {
  const { processes } = scan;
  const shown = processes.length > LARGE ? processes.filter((_, index) => index % EVERY === 0) : processes;
  return {
    metrics: Object.fromEntries(metrics.map(({ series, value }) => [series.key, Number(value.toPrecision(10))])),
    blind,
    processCount: processes.length,
    gone: scan.gone,
    unreadable: scan.unreadable,
    processes: shown.map(line),
  };
}

function describe(collector: string, { what, why }: BlindSpot): string {
  return `${collector}: ${what}: ${why}`;
}

/** The fields in the order of the model's, as JSON, so that hostile text is escaped. */
function line(process: Process): string {
  return Object.entries(process)
    .filter(([, value]) => value !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(typeof value === 'number' ? Number(value.toPrecision(10)) : value)}`)
    .join(' ');
}
