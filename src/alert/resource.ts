import type { BrokenMetric } from '../model/anomaly.ts';
import { parseSeriesKey, type Series } from '../model/metric.ts';

/** What a process can take more of: the thing by which a broken metric is brought home to processes. */
export type Resource =
  | 'cpu'
  | 'memory'
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
  /** 0 to 1; all demands of an anomaly sum to 1. */
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

/** The resources behind broken metrics. Metrics that no process can be asked about (temperature, steal) give none. */
export function demands(metrics: readonly BrokenMetric[], machine: MachineSize): readonly ResourceDemand[] {
  const found = new Map<Resource, { weight: number; signed: number; change: number }>();
  const total = metrics.reduce((sum, metric) => sum + metric.share, 0);
  for (const metric of metrics) {
    const series = parseSeriesKey(metric.metric);
    const resource = series && resourceOf(series);
    if (!series || !resource) continue;
    const weight = total > 0 ? metric.share / total : 1 / metrics.length;
    const middle = (metric.expectedLow + metric.expectedHigh) / 2;
    const demand = found.get(resource) ?? { weight: 0, signed: 0, change: 0 };
    demand.weight += weight;
    demand.signed += weight * (metric.observed < metric.expectedLow ? -1 : 1);
    demand.change += (metric.observed - middle) * unitOf(series, machine);
    found.set(resource, demand);
  }
  const weights = [...found.values()].reduce((sum, { weight }) => sum + weight, 0);
  return [...found].map(([resource, { weight, signed, change }]) => ({
    resource,
    weight: weight / (weights || 1),
    direction: signed < 0 ? -1 : 1,
    change: Math.abs(change),
  }));
}

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
  filesystem: 'write',
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
