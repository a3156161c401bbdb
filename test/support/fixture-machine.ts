import { type Series, series } from '../../src/model/metric.ts';
import type { Band } from '../../src/model/score.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** A number from 0 to 1 that depends on its arguments alone (an integer hash), so that any moment can be asked for. */
export function noise(seed: number, step: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(step | 0, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}

/** What a small web server with a database does: the curve of one series over time. */
interface Shape {
  readonly series: Series;
  /** What is usual, how much the day moves it, how much each second does, in the series' unit. */
  readonly base: number;
  readonly day?: number;
  readonly jitter?: number;
  /** Now and then (a cron job each 10 minutes, say) it rises by that much for some seconds. */
  readonly burst?: number;
  /** How much the incident of the fixture adds at its height. */
  readonly incident?: number;
  /** Rises steadily, by that much a day. */
  readonly drift?: number;
}

export interface Incident {
  readonly from: number;
  readonly to: number;
}

/** Pairs of a metric of a thing: what is read and written, received and sent. */
function both(
  name: 'system.disk.io' | 'system.disk.operations' | 'system.network.io' | 'system.network.packet.count',
  attribute: string,
  directions: readonly [string, string],
  device: Readonly<Record<string, string>>,
  bases: readonly [number, number],
  burst: number,
): Shape[] {
  return directions.map((direction, index) => ({
    series: series(name, { ...device, [attribute]: direction }),
    base: bases[index]!,
    day: bases[index]! * 0.5,
    jitter: bases[index]! * 0.6,
    burst: burst * (index + 1),
  }));
}

const cpu = (mode: string, base: number, incident = 0): Shape => ({
  series: series('system.cpu.utilization', { 'cpu.mode': mode }),
  base,
  day: base * 0.5,
  jitter: base * 0.5,
  burst: mode === 'user' ? 0.12 : 0,
  incident,
});

const memory = (state: string, base: number, jitter: number, drift = 0): Shape => ({
  series: series('system.memory.usage', { 'system.memory.state': state }),
  base,
  jitter,
  drift,
});

const gauge = (made: Series, base: number, jitter: number, incident = 0): Shape => ({
  series: made,
  base,
  day: base * 0.2,
  jitter,
  incident,
});

const READ_WRITE = ['read', 'write'] as const;
const IN_OUT = ['receive', 'transmit'] as const;
const disks = [{}, { 'system.device': 'nvme0n1' }, { 'system.device': 'sda' }];
const interfaces = [{}, { 'network.interface.name': 'eth0' }, { 'network.interface.name': 'wg0' }];

export const SHAPES: readonly Shape[] = [
  {
    series: series('system.cpu.utilization'),
    base: 0.19,
    day: 0.09,
    jitter: 0.08,
    burst: 0.12,
    incident: 0.66,
  },
  cpu('user', 0.13, 0.62),
  cpu('system', 0.045, 0.03),
  cpu('nice', 0.002),
  cpu('iowait', 0.012),
  cpu('interrupt', 0.006),
  cpu('steal', 0.001),
  { series: series('system.cpu.busiest.utilization'), base: 0.41, day: 0.15, jitter: 0.2, incident: 0.5 },
  gauge(series('system.cpu.frequency'), 2.6e9, 4e8),
  gauge(series('system.linux.cpu.load_1m'), 0.82, 0.12, 3.4),
  gauge(series('system.linux.cpu.load_5m'), 0.79, 0.05, 2.1),
  gauge(series('system.linux.cpu.load_15m'), 0.76, 0.02, 1.1),
  gauge(series('system.linux.run_queue'), 1.4, 2, 4),
  gauge(series('system.linux.context_switches'), 4100, 1500, 2300),
  gauge(series('system.linux.interrupts'), 2300, 700),
  gauge(series('system.process.created'), 3.2, 5),
  gauge(series('system.memory.utilization'), 0.46, 0.004, 0.05),
  memory('used', 3.4 * GIB, 30 * MIB, 60 * MIB),
  memory('cached', 2.7 * GIB, 20 * MIB),
  memory('buffers', 0.21 * GIB, 2 * MIB),
  memory('free', 1.3 * GIB, 40 * MIB),
  gauge(series('system.memory.linux.available'), 4.1 * GIB, 40 * MIB),
  gauge(series('system.memory.linux.slab.usage'), 310 * MIB, 2 * MIB),
  gauge(series('system.paging.utilization'), 0.03, 0.001),
  gauge(series('system.paging.operations', { 'system.paging.direction': 'in' }), 0.4, 0.8),
  gauge(series('system.paging.operations', { 'system.paging.direction': 'out' }), 0.2, 0.4),
  gauge(series('system.paging.faults', { 'system.paging.fault.type': 'major' }), 0.5, 1.2),
  gauge(series('system.linux.pressure.some', { resource: 'cpu' }), 0.02, 0.02, 0.41),
  gauge(series('system.linux.pressure.some', { resource: 'memory' }), 0.0004, 0.0006),
  gauge(series('system.linux.pressure.some', { resource: 'io' }), 0.011, 0.012),
  gauge(series('system.linux.pressure.full', { resource: 'memory' }), 0.0002, 0.0004),
  gauge(series('system.linux.pressure.full', { resource: 'io' }), 0.006, 0.008),
  ...disks.flatMap((disk, index) => [
    ...both(
      'system.disk.io',
      'disk.io.direction',
      READ_WRITE,
      disk,
      [280e3 / (index + 1), 1.4e6 / (index + 1)],
      24e6,
    ),
    ...both('system.disk.operations', 'disk.io.direction', READ_WRITE, disk, [11, 46], 210),
    gauge(series('system.disk.io_time', disk), 0.035, 0.04),
    gauge(series('system.disk.await', disk), 0.0011, 0.0009),
  ]),
  ...['/', '/boot', '/srv/data'].flatMap((mountpoint, index) => [
    {
      series: series('system.filesystem.utilization', { 'system.filesystem.mountpoint': mountpoint }),
      base: [0.62, 0.31, 0.74][index]!,
      drift: index === 2 ? 0.012 : 0.0004,
    },
    {
      series: series('system.filesystem.inode.utilization', { 'system.filesystem.mountpoint': mountpoint }),
      base: [0.11, 0.01, 0.23][index]!,
    },
  ]),
  { series: series('system.filesystem.utilization'), base: 0.74, drift: 0.012 },
  ...interfaces.flatMap((card, index) => [
    ...both(
      'system.network.io',
      'network.io.direction',
      IN_OUT,
      card,
      [210e3 / (index + 1), 640e3 / (index + 1)],
      2.1e6,
    ),
    ...both('system.network.packet.count', 'network.io.direction', IN_OUT, card, [310, 420], 900),
  ]),
  gauge(series('system.network.errors'), 0, 0),
  gauge(series('system.network.packet.dropped'), 0.02, 0.06),
  gauge(series('system.network.connection.count', { 'network.connection.state': 'established' }), 84, 14),
  gauge(series('system.network.connection.count', { 'network.connection.state': 'time_wait' }), 37, 22),
  gauge(series('system.network.connection.count', { 'network.connection.state': 'listen' }), 21, 0),
  gauge(series('system.network.tcp.retransmissions'), 0.3, 0.9),
  gauge(series('system.linux.file_handles'), 4210, 60),
  gauge(series('system.process.count'), 148, 2, 1),
  gauge(series('system.process.count', { 'process.state': 'blocked' }), 0.2, 0.8),
  gauge(series('system.process.count', { 'process.state': 'defunct' }), 0, 0),
  gauge(series('system.linux.thread.count'), 612, 5, 4),
  gauge(series('hw.temperature', { 'hw.name': 'Package id 0' }), 47, 2, 21),
  gauge(series('hw.temperature', { 'hw.name': 'nvme0' }), 39, 0.6),
];

export const SCORE = series('homeostat.score');
const DAY_SECONDS = 86_400;

/** The value of `shape` at `second` (since the epoch), `height` (0 to 1) of the incident included. */
export function valueAt(shape: Shape, index: number, second: number, height: number): number {
  const phase = ((second % DAY_SECONDS) / DAY_SECONDS) * 2 * Math.PI;
  const slow = noise(index + 500, Math.floor(second / 45)) - 0.5;
  const wave = (shape.day ?? 0) * (0.5 - 0.5 * Math.cos(phase - 0.8)) + (shape.jitter ?? 0) * 0.6 * slow;
  const jitter = (shape.jitter ?? 0) * (noise(index, second) - 0.5);
  const burst = second % 600 < 14 ? (shape.burst ?? 0) * (0.7 + 0.3 * noise(index + 900, second)) : 0;
  const drift = (shape.drift ?? 0) * ((second % (7 * DAY_SECONDS)) / DAY_SECONDS);
  const incident = (shape.incident ?? 0) * height * (0.94 + 0.06 * noise(index, second));
  const value = Math.max(0, shape.base + wave + jitter + burst + drift + incident);
  const { precision, unit } = shape.series.definition;
  return Math.round((unit === '1' ? Math.min(1, value) : value) / precision) * precision;
}

/** Where the curve of `shape` stays without an incident. */
export function bandOf(shape: Shape): Band {
  const reach = (shape.jitter ?? 0) * 0.8;
  const low = Math.max(0, shape.base - reach);
  const high = shape.base + (shape.day ?? 0) + reach + (shape.drift ?? 0) * 7;
  return { low, median: (low + high) / 2, high };
}
