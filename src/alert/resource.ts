import type { BrokenMetric } from '../model/anomaly.ts';
import { parseSeriesKey, type Series } from '../model/metric.ts';

/** What a process can take more of: the thing by which a broken metric is brought home to processes. */
export type Resource =
  | 'cpu'
  | 'memory'
  | 'space'
  | 'read'
  | 'write'
  | 'io'
  | 'forks'
  | 'network'
  | 'switches'
  | 'files';

/** How much of the anomaly is about one resource. */
export interface ResourceDemand {
  readonly resource: Resource;
  /** 0 to 1; all demands of an anomaly sum to 1. A resource may be demanded twice, once in each direction. */
  readonly weight: number;
  /** 1: there is more of it than usual; -1: less. */
  readonly direction: 1 | -1;
  /** Change of the machine as a whole in the resource's own unit, where a metric tells it; else 0. */
  readonly change: number;
}

export interface MachineSize {
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** What there is less of than usual is more often the consequence than the cause. */
const LESS = 0.5;

/**
 * The resources behind broken metrics, more and less of one apart. Metrics that no process can be asked about
 * (temperature, steal) give none.
 */
export function demands(metrics: readonly BrokenMetric[], machine: MachineSize): readonly ResourceDemand[] {
  const found = new Map<string, { resource: Resource; direction: 1 | -1; weight: number; change: number }>();
  const known = metrics.flatMap((metric) => {
    const series = parseSeriesKey(metric.metric);
    const resource = series && resourceOf(series);
    return resource ? [{ metric, series, resource }] : [];
  });
  const prompt = known.filter(({ series }) => !LAGGING.test(series.name));
  for (const { metric, series, resource } of prompt.length > 0 ? prompt : known) {
    const direction = metric.observed < metric.expectedLow ? -1 : 1;
    const middle = (metric.expectedLow + metric.expectedHigh) / 2;
    const key = `${resource} ${direction}`;
    const demand = found.get(key) ?? { resource, direction, weight: 0, change: 0 };
    demand.weight += Math.max(metric.share, 1e-6) * (direction < 0 ? LESS : 1);
    demand.change += Math.abs(metric.observed - middle) * unitOf(series, machine);
    found.set(key, demand);
  }
  const whole = [...found.values()].reduce((sum, { weight }) => sum + weight, 0);
  return [...found.values()].map((demand) => ({ ...demand, weight: demand.weight / whole }));
}

/** Load averages tell of the minutes before: beside metrics that tell of now they have no say. */
const LAGGING = /load_\d+m$/;

/** Which resource a series is about. */
function resourceOf(series: Series): Resource | undefined {
  const { name, attributes } = series;
  switch (name) {
    case 'system.cpu.utilization':
      return attributes['cpu.mode'] === 'iowait'
        ? 'io'
        : attributes['cpu.mode'] === 'steal'
          ? undefined
          : 'cpu';
    case 'system.linux.pressure.some':
    case 'system.linux.pressure.full':
      return attributes.resource === 'io' ? 'io' : attributes.resource === 'memory' ? 'memory' : 'cpu';
    case 'system.disk.io':
    case 'system.disk.operations':
      return attributes['disk.io.direction'] === 'read' ? 'read' : 'write';
    case 'system.paging.faults':
      return 'read';
    case 'system.linux.context_switches':
    case 'system.linux.interrupts':
      return 'switches';
    case 'system.linux.file_handles':
      return 'files';
    case 'system.process.created':
    case 'system.process.count':
    case 'system.linux.thread.count':
      return 'forks';
  }
  return BY_GROUP[series.definition.group];
}

const BY_GROUP: Readonly<Partial<Record<Series['definition']['group'], Resource>>> = {
  cpu: 'cpu',
  load: 'cpu',
  memory: 'memory',
  disk: 'io',
  filesystem: 'space',
  network: 'network',
};

/** Factor from a series' unit to the resource's (cores, bytes, bytes a second, births a second); 0: not comparable. */
function unitOf(series: Series, machine: MachineSize): number {
  switch (series.name) {
    case 'system.cpu.utilization':
      return series.attributes['cpu.mode'] === 'iowait' ? 0 : machine.cpus;
    case 'system.memory.utilization':
      return machine.memoryBytes;
    case 'system.disk.io':
    case 'system.process.created':
    case 'system.linux.context_switches':
      return 1;
  }
  return 0;
}
