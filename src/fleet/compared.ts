/** A metric that hosts are compared in: a level that says something on any host, whatever its devices are called. */
export interface Compared {
  /** The series' key. */
  readonly metric: string;
  /** Shares are compared by their difference, amounts by their ratio. */
  readonly by: 'difference' | 'ratio';
  /** The least difference (in the metric's unit), or the least factor, that is worth a word. */
  readonly least: number;
  /** Amounts below it are alike, in the metric's unit. */
  readonly floor: number;
}

const share = (metric: string, least: number): Compared => ({ metric, by: 'difference', least, floor: 0 });
const amount = (metric: string, least: number, floor: number): Compared => ({
  ...{ metric, by: 'ratio', least, floor },
});

/** Sums over all devices, and what has none. `least` and `floor` are what a person would look at; nothing was tuned. */
export const COMPARED: readonly Compared[] = [
  share('system.cpu.utilization', 0.2),
  share('system.memory.utilization', 0.15),
  share('system.paging.utilization', 0.15),
  share('system.filesystem.utilization', 0.15),
  share('system.linux.pressure.some{resource=cpu}', 0.2),
  share('system.linux.pressure.some{resource=io}', 0.2),
  share('system.linux.pressure.some{resource=memory}', 0.1),
  amount('system.linux.cpu.load_1m', 4, 1),
  amount('system.process.count', 2, 50),
  amount('system.linux.thread.count', 2, 200),
  amount('system.linux.file_handles', 2, 2000),
  amount('system.process.created', 4, 20),
  amount('system.disk.io{disk.io.direction=read}', 8, 5e6),
  amount('system.disk.io{disk.io.direction=write}', 8, 5e6),
  amount('system.network.io{network.io.direction=receive}', 8, 1e6),
  amount('system.network.io{network.io.direction=transmit}', 8, 1e6),
  amount('system.network.errors', 4, 10),
  amount('system.network.tcp.retransmissions', 4, 10),
];

/** On the scale on which hosts are compared: differences count. */
export const toScale = ({ by, floor }: Compared, value: number): number =>
  by === 'difference' ? value : Math.log2(Math.max(0, value) + floor);

/** Back from that scale. */
export const fromScale = ({ by, floor }: Compared, level: number): number =>
  by === 'difference' ? level : Math.max(0, 2 ** level - floor);

/** The least that is worth a word, on that scale. */
export const leastOnScale = ({ by, least }: Compared): number =>
  by === 'difference' ? least : Math.log2(least);
