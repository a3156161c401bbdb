import { series } from '../model/metric.ts';

/**
 * A fault as its metrics show it, to be written into rows of normal operation: a model that does not find it is deaf.
 * Each is what a real fault of its kind did on a small server, not the most that could be.
 */
export interface InjectedFault {
  readonly name: string;
  /** By the series' key: its value under the fault, from the usual one and the seconds since the fault began. */
  readonly changes: Readonly<Record<string, (usual: number, seconds: number) => number>>;
}

type Change = (usual: number, seconds: number) => number;

const more =
  (by: number): Change =>
  (usual) =>
    usual + by;
/** A share that cannot exceed one. */
const share =
  (by: number): Change =>
  (usual) =>
    Math.min(1, usual + by);
const grows =
  (each: number): Change =>
  (usual, seconds) =>
    Math.min(1, usual + each * seconds);

const key = (name: Parameters<typeof series>[0], attributes?: Parameters<typeof series>[1]): string =>
  series(name, attributes).key;

/** Known faults, from the kinds that `npm run faults` plays on a real machine. */
export const FAULTS: readonly InjectedFault[] = [
  {
    name: 'a miner on half of the cores',
    changes: {
      [key('system.cpu.utilization', { 'cpu.mode': 'user' })]: share(0.5),
      [key('system.cpu.busiest.utilization')]: () => 1,
      [key('system.linux.run_queue')]: more(2),
      [key('system.linux.pressure.some', { resource: 'cpu' })]: share(0.2),
    },
  },
  {
    name: 'a leak of half a percent of the memory each second',
    changes: { [key('system.memory.utilization')]: grows(0.005) },
  },
  {
    name: 'a disk written to without a pause',
    changes: {
      [key('system.disk.io', { 'disk.io.direction': 'write' })]: more(100e6),
      [key('system.disk.operations', { 'disk.io.direction': 'write' })]: more(500),
      [key('system.disk.io_time')]: share(0.8),
      [key('system.linux.pressure.some', { resource: 'io' })]: share(0.3),
    },
  },
  {
    name: 'a disk that fills by a tenth of a percent each second',
    changes: { [key('system.filesystem.utilization')]: grows(0.001) },
  },
  {
    name: 'a disk that answers late',
    changes: {
      [key('system.cpu.utilization', { 'cpu.mode': 'iowait' })]: share(0.3),
      [key('system.disk.await')]: more(0.5),
      [key('system.linux.pressure.some', { resource: 'io' })]: share(0.5),
      [key('system.linux.pressure.full', { resource: 'io' })]: share(0.4),
      [key('system.process.count', { 'process.state': 'blocked' })]: more(4),
    },
  },
  {
    name: 'a storm of new processes',
    changes: {
      [key('system.process.created')]: more(300),
      [key('system.linux.context_switches')]: more(5000),
      [key('system.cpu.utilization', { 'cpu.mode': 'system' })]: share(0.3),
      [key('system.process.count')]: more(200),
    },
  },
  {
    name: 'a flood from the network',
    changes: {
      [key('system.network.io', { 'network.io.direction': 'receive' })]: more(50e6),
      [key('system.network.packet.count', { 'network.io.direction': 'receive' })]: more(40e3),
      [key('system.cpu.utilization', { 'cpu.mode': 'interrupt' })]: share(0.1),
    },
  },
  {
    name: 'connections that nobody closes',
    changes: {
      [key('system.network.connection.count', { 'network.connection.state': 'established' })]: more(1000),
      [key('system.linux.file_handles')]: more(1000),
    },
  },
];
