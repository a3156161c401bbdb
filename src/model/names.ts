/**
 * Every metric that Homeostat knows: its OpenTelemetry name and unit.
 *
 * Names and attributes follow OpenTelemetry's semantic conventions 1.38.0 where they define one; what they do not
 * define (pressure, load, busiest core) takes a name in the same style below `system.linux.` or beside its siblings.
 *
 * Where OpenTelemetry has a counter (`system.disk.io`, By) Homeostat keeps its increase per second over the interval
 * (`kind: 'rate'`, By/s): a counter that wrapped or was reset is then a gap at one place, not a spike in every reader.
 */

/** A gauge is what it says now; a rate is a counter's increase per second over the last interval. */
export type MetricKind = 'gauge' | 'rate';

/** Where a chart of the metric belongs. */
export type MetricGroup =
  | 'cpu'
  | 'load'
  | 'memory'
  | 'pressure'
  | 'disk'
  | 'filesystem'
  | 'network'
  | 'process'
  | 'device'
  | 'homeostat';

export interface MetricDefinition {
  readonly kind: MetricKind;
  readonly group: MetricGroup;
  /** UCUM as in OpenTelemetry: `1` (ratio of 1), `By`, `By/s`, `s`, `{process}/s` ... */
  readonly unit: string;
  /** The smallest difference that is kept on disk, in `unit`. Chosen below what the kernel resolves in one second. */
  readonly precision: number;
  readonly description: string;
}

const gauge = (
  group: MetricGroup,
  unit: string,
  precision: number,
  description: string,
): MetricDefinition => ({
  kind: 'gauge',
  group,
  unit,
  precision,
  description,
});

const rate = (
  group: MetricGroup,
  unit: string,
  precision: number,
  description: string,
): MetricDefinition => ({
  kind: 'rate',
  group,
  unit,
  precision,
  description,
});

export const METRICS = {
  'system.cpu.utilization': gauge(
    'cpu',
    '1',
    1e-4,
    'Share of CPU time by mode; without a mode: all but idle and iowait',
  ),
  'system.cpu.busiest.utilization': gauge('cpu', '1', 1e-4, 'Busy share of the busiest logical CPU'),
  'system.cpu.frequency': gauge('cpu', 'Hz', 1e6, 'Mean operating frequency of the logical CPUs'),
  'system.linux.cpu.load_1m': gauge('load', '{thread}', 0.01, 'Load average over 1 minute'),
  'system.linux.cpu.load_5m': gauge('load', '{thread}', 0.01, 'Load average over 5 minutes'),
  'system.linux.cpu.load_15m': gauge('load', '{thread}', 0.01, 'Load average over 15 minutes'),
  'system.linux.run_queue': gauge('load', '{thread}', 1, 'Threads that run or wait for a CPU now'),
  'system.linux.context_switches': rate('load', '{switch}/s', 1, 'Context switches'),
  'system.linux.interrupts': rate('load', '{interrupt}/s', 1, 'Interrupts serviced'),
  'system.process.created': rate('process', '{process}/s', 0.1, 'Processes and threads created'),
  'system.memory.usage': gauge('memory', 'By', 4096, 'Memory by state'),
  'system.memory.utilization': gauge(
    'memory',
    '1',
    1e-5,
    'Share of memory that is used (total less available)',
  ),
  'system.memory.linux.available': gauge(
    'memory',
    'By',
    4096,
    'Memory that new work can have without swapping',
  ),
  'system.memory.linux.slab.usage': gauge('memory', 'By', 4096, "The kernel's slab by state"),
  'system.paging.usage': gauge('memory', 'By', 4096, 'Swap by state'),
  'system.paging.utilization': gauge('memory', '1', 1e-4, 'Share of swap that is used'),
  'system.paging.operations': rate('memory', '{operation}/s', 0.1, 'Pages swapped in and out'),
  'system.paging.faults': rate('memory', '{fault}/s', 0.1, 'Page faults by type'),
  'system.linux.pressure.some': gauge(
    'pressure',
    '1',
    1e-4,
    'Share of time in which some task waited for the resource',
  ),
  'system.linux.pressure.full': gauge(
    'pressure',
    '1',
    1e-4,
    'Share of time in which all tasks waited for the resource',
  ),
  'system.disk.io': rate('disk', 'By/s', 512, 'Bytes read and written'),
  'system.disk.operations': rate('disk', '{operation}/s', 0.1, 'Operations completed'),
  'system.disk.io_time': rate('disk', '1', 1e-3, 'Share of time in which the disk was busy'),
  'system.disk.await': gauge(
    'disk',
    's',
    1e-5,
    'Mean time that a finished operation took, queueing included',
  ),
  'system.filesystem.usage': gauge('filesystem', 'By', 4096, 'Space by state'),
  'system.filesystem.utilization': gauge('filesystem', '1', 1e-5, 'Share of space that is used'),
  'system.filesystem.inode.utilization': gauge('filesystem', '1', 1e-5, 'Share of inodes that is used'),
  'system.network.io': rate('network', 'By/s', 1, 'Bytes received and sent'),
  'system.network.packet.count': rate('network', '{packet}/s', 0.1, 'Packets received and sent'),
  'system.network.errors': rate('network', '{error}/s', 0.1, 'Packets with errors'),
  'system.network.packet.dropped': rate('network', '{packet}/s', 0.1, 'Packets dropped'),
  'system.network.connection.count': gauge('network', '{connection}', 1, 'TCP sockets by state'),
  'system.network.tcp.retransmissions': rate('network', '{segment}/s', 0.1, 'TCP segments sent again'),
  'system.linux.file_handles': gauge('process', '{file}', 1, 'Open files on the machine'),
  'system.linux.file_handles.utilization': gauge(
    'process',
    '1',
    1e-5,
    'Share of the files that the kernel opens at most',
  ),
  'system.process.count': gauge('process', '{process}', 1, 'Processes; by state where the attribute is set'),
  'system.linux.thread.count': gauge('process', '{thread}', 1, 'Threads on the machine'),
  'hw.temperature': gauge('device', 'Cel', 0.1, 'Temperature of a sensor'),
  'hw.battery.charge': gauge('device', '1', 1e-3, 'Charge of the battery'),
  'homeostat.score': gauge(
    'homeostat',
    '{digit}',
    1e-3,
    'How unusual the machine is: -log10 of the probability of such a score',
  ),
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}
