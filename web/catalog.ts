import type { MetricGroup } from '../src/model/names.ts';
import type { SeriesInfo } from './answers.ts';

export interface ChartLine {
  readonly key: string;
  readonly label: string;
  /** Not drawn until asked for: it would flatten the others. */
  readonly quiet: boolean;
}

/** One chart: the lines that belong together, once for each device where there are several. */
export interface ChartDefinition {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  /** By device; `''` is the sum of all. */
  readonly devices: ReadonlyMap<string, readonly ChartLine[]>;
}

export interface ChartGroup {
  readonly group: MetricGroup;
  readonly title: string;
  readonly charts: readonly ChartDefinition[];
}

const GROUPS: readonly (readonly [MetricGroup, string])[] = [
  ['cpu', 'CPU'],
  ['load', 'Load'],
  ['memory', 'Memory'],
  ['pressure', 'Pressure'],
  ['disk', 'Disks'],
  ['filesystem', 'File systems'],
  ['network', 'Network'],
  ['process', 'Processes and threads'],
  ['device', 'Sensors'],
];

/** Attributes whose values are lines of one chart. Any other attribute names a device. */
const LINE_ATTRIBUTES = new Set([
  'cpu.mode',
  'disk.io.direction',
  'network.connection.state',
  'network.io.direction',
  'process.state',
  'resource',
  'system.filesystem.state',
  'system.memory.linux.slab.state',
  'system.memory.state',
  'system.paging.direction',
  'system.paging.fault.type',
  'system.paging.state',
]);

/** Metrics that are read together: the title of their chart, and what each is called in it. */
const TOGETHER: Readonly<Record<string, readonly [title: string, line: string]>> = {
  'system.linux.cpu.load_1m': ['Load average', '1 min'],
  'system.linux.cpu.load_5m': ['Load average', '5 min'],
  'system.linux.cpu.load_15m': ['Load average', '15 min'],
  'system.linux.pressure.some': ['Some task waited', ''],
  'system.linux.pressure.full': ['All tasks waited', ''],
  'system.memory.usage': ['Memory', ''],
  'system.memory.linux.available': ['Memory', 'available'],
  'system.memory.linux.slab.usage': ['Memory', 'slab'],
};

const TITLES: Readonly<Record<string, string>> = {
  'system.cpu.utilization': 'CPU time',
  'system.cpu.busiest.utilization': 'Busiest CPU',
  'system.cpu.frequency': 'Frequency',
  'system.linux.run_queue': 'Run queue',
  'system.linux.context_switches': 'Context switches',
  'system.linux.interrupts': 'Interrupts',
  'system.process.created': 'Created',
  'system.memory.utilization': 'Memory in use',
  'system.paging.usage': 'Swap',
  'system.paging.utilization': 'Swap in use',
  'system.paging.operations': 'Swapping',
  'system.paging.faults': 'Page faults',
  'system.disk.io': 'Throughput',
  'system.disk.operations': 'Operations',
  'system.disk.io_time': 'Busy time',
  'system.disk.await': 'Time per operation',
  'system.filesystem.usage': 'Space',
  'system.filesystem.utilization': 'Space in use',
  'system.filesystem.inode.utilization': 'Inodes in use',
  'system.network.io': 'Throughput',
  'system.network.packet.count': 'Packets',
  'system.network.errors': 'Errors',
  'system.network.packet.dropped': 'Dropped packets',
  'system.network.connection.count': 'TCP connections',
  'system.network.tcp.retransmissions': 'TCP retransmissions',
  'system.linux.file_handles': 'Open files',
  'system.process.count': 'Processes',
  'system.linux.thread.count': 'Threads',
  'hw.temperature': 'Temperature',
  'hw.battery.charge': 'Battery charge',
};

/** States that are large and dull: idle time, free memory. */
const QUIET = new Set(['idle', 'free', 'total']);

/** Every series in some chart, in the order of the groups; a metric that nobody foresaw gets a chart of its own. */
export function catalog(all: readonly SeriesInfo[]): readonly ChartGroup[] {
  return GROUPS.map(([group, title]) => ({ group, title, charts: chartsOf(group, all) })).filter(
    ({ charts }) => charts.length > 0,
  );
}

function chartsOf(group: MetricGroup, all: readonly SeriesInfo[]): ChartDefinition[] {
  const order = Object.keys(TITLES);
  const families = new Map<string, SeriesInfo[]>();
  for (const one of all.filter((candidate) => candidate.group === group)) {
    const title = TOGETHER[one.name]?.[0] ?? TITLES[one.name] ?? one.name;
    const family = families.get(title);
    if (family) family.push(one);
    else families.set(title, [one]);
  }
  const rank = ([, [first]]: [string, SeriesInfo[]]) =>
    TOGETHER[first!.name] ? -1 : (order.indexOf(first!.name) + 99) % 99;
  return [...families]
    .sort((one, other) => rank(one) - rank(other))
    .map(([title, family]) => chart(group, title, family));
}

function chart(group: MetricGroup, title: string, family: readonly SeriesInfo[]): ChartDefinition {
  const [first] = family;
  const byDevice = new Map<string, ChartLine[]>();
  const manyLines = family.some((one) => lineOf(one) !== '');
  for (const one of family) {
    const device = deviceOf(one);
    const label = lineOf(one) || (manyLines ? '' : device) || wholeOf(one, family.length);
    const line = { key: one.key, label, quiet: QUIET.has(label) };
    const place = manyLines ? device : '';
    byDevice.set(place, [...(byDevice.get(place) ?? []), line]);
  }
  const devices = [...byDevice].sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    id: `${group}-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`,
    title,
    description: first!.description,
    unit: first!.unit,
    devices: new Map(devices.map(([device, lines]) => [device, lines.sort(byLabel)])),
  };
}

function lineOf({ name, attributes }: SeriesInfo): string {
  const values = Object.entries(attributes)
    .filter(([attribute]) => LINE_ATTRIBUTES.has(attribute))
    .map(([, value]) => value);
  return [TOGETHER[name]?.[1] ?? '', ...values].filter(Boolean).join(' ');
}

function deviceOf({ attributes }: SeriesInfo): string {
  return Object.entries(attributes)
    .filter(([attribute]) => !LINE_ATTRIBUTES.has(attribute))
    .map(([, value]) => value)
    .join(' ');
}

function wholeOf({ name, label }: SeriesInfo, siblings: number): string {
  if (siblings === 1) return label;
  if (name === 'system.cpu.utilization') return 'busy';
  return name.startsWith('system.filesystem') ? 'fullest' : 'all';
}

/** What is looked for first; the rest as people count: `1 min` before `15 min`. */
const FIRST = ['busy', 'all', 'fullest', 'user', 'system', 'iowait', 'used', 'available', 'cached'];

function byLabel(one: ChartLine, other: ChartLine): number {
  const rank = ({ label }: ChartLine) => (FIRST.indexOf(label) + 99) % 99;
  return rank(one) - rank(other) || one.label.localeCompare(other.label, 'en', { numeric: true });
}
