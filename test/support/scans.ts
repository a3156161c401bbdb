import type { Process, ProcessScan } from '../../src/model/process.ts';

/** A wall clock at a round minute, so that tests can speak of slots. */
export const START = Date.UTC(2026, 2, 2, 12, 0, 0);

/** What a made process does each second from `from` on; what is left out it does not do. */
export interface Behaviour {
  readonly pid: number;
  readonly ppid?: number;
  readonly name?: string;
  readonly executable?: string;
  /** Seconds after START; it exists from here to there. */
  readonly born?: number;
  readonly ends?: number;
  /** Rates by the second of the scan. CPU in cores, bytes and calls a second, RSS in bytes. */
  readonly cpu?: (second: number) => number;
  readonly childCpu?: (second: number) => number;
  readonly write?: (second: number) => number;
  readonly read?: (second: number) => number;
  readonly calls?: (second: number) => number;
  readonly switches?: (second: number) => number;
  readonly rss?: (second: number) => number;
  readonly files?: (second: number) => number;
  readonly threads?: (second: number) => number;
  readonly state?: (second: number) => Process['state'];
}

/** Plays processes: one full scan each 5 s, counters summed up second by second. */
export class Stage {
  readonly #behaviours: Behaviour[];
  readonly #sums = new Map<
    Behaviour,
    Record<'cpu' | 'childCpu' | 'write' | 'read' | 'calls' | 'switches', number>
  >();
  #present = new Set<string>();
  #second = 0;

  constructor(behaviours: readonly Behaviour[]) {
    this.#behaviours = [...behaviours];
  }

  get second(): number {
    return this.#second;
  }

  add(...behaviours: readonly Behaviour[]): void {
    this.#behaviours.push(...behaviours);
  }

  /** The next full scan, `seconds` after the last one. */
  scan(seconds = 5): ProcessScan {
    for (let step = 0; step < seconds; step++) this.#live(this.#second++);
    const processes = this.#behaviours
      .filter((one) => this.#lives(one, this.#second))
      .map((one) => this.#process(one));
    const present = new Set(processes.map(({ id }) => id));
    const gone = [...this.#present].filter((id) => !present.has(id));
    this.#present = present;
    return { at: START + this.#second * 1000, full: true, processes, gone, unreadable: {} };
  }

  #lives({ born = -1e6, ends = Number.POSITIVE_INFINITY }: Behaviour, second: number): boolean {
    return born <= second && second < ends;
  }

  #live(second: number): void {
    for (const one of this.#behaviours) {
      if (!this.#lives(one, second)) continue;
      const sums = this.#sums.get(one) ?? { cpu: 0, childCpu: 0, write: 0, read: 0, calls: 0, switches: 0 };
      sums.cpu += (one.cpu?.(second) ?? 0) * 1000;
      sums.childCpu += (one.childCpu?.(second) ?? 0) * 1000;
      for (const key of ['write', 'read', 'calls', 'switches'] as const) sums[key] += one[key]?.(second) ?? 0;
      this.#sums.set(one, sums);
    }
  }

  #process(one: Behaviour): Process {
    const second = this.#second;
    const sums = this.#sums.get(one) ?? { cpu: 0, childCpu: 0, write: 0, read: 0, calls: 0, switches: 0 };
    const born = one.born ?? -100_000;
    return {
      id: `boot-${one.pid}-${born}`,
      pid: one.pid,
      ppid: one.ppid ?? 1,
      name: one.name ?? `p${one.pid}`,
      executable: one.executable ?? `/usr/bin/${one.name ?? `p${one.pid}`}`,
      invokedAs: one.name ?? `p${one.pid}`,
      args: [],
      startedAt: START + born * 1000,
      uid: 0,
      gid: 0,
      cgroup: '/',
      containerId: undefined,
      state: one.state?.(second) ?? 'S',
      threads: one.threads?.(second) ?? 1,
      cpu: undefined,
      cpuTime: sums.cpu,
      childCpuTime: sums.childCpu,
      memory: 0,
      rss: one.rss?.(second) ?? 10e6,
      virtual: 0,
      readBytes: sums.read,
      writeBytes: sums.write,
      readRate: undefined,
      writeRate: undefined,
      ioCalls: sums.calls,
      majorFaults: 0,
      minorFaults: 0,
      openFiles: one.files?.(second) ?? 5,
      contextSwitches: sums.switches,
    };
  }
}
