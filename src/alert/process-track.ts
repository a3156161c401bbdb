import type { Process } from '../model/process.ts';

/** One slot of the ring. 36 of them are the 12 minutes that a process is remembered. */
export const SLOT_MS = 20_000;
export const SLOTS = 36;

/** Columns of a slot. Flows are what was added within the slot; levels are the newest value seen in it. */
export const COLUMN = {
  /** ms of its own CPU time. */
  cpu: 0,
  /** ms of CPU time of ended children that no scan accounts to a process of their own. */
  childCpu: 1,
  /** Bytes that reached the storage layer. */
  read: 2,
  write: 3,
  /** read(2)- and write(2)-like calls: all that is left where the kernel counts no bytes (tmpfs). */
  calls: 4,
  switches: 5,
  /** Children that appeared between two full scans. */
  births: 6,
  /** Bytes. */
  rss: 7,
  files: 8,
  threads: 9,
} as const;
export const FLOWS = 7;
export const COLUMNS = 10;

/** Who started it, as seen at its birth: a parent that ended is still named. */
export interface ParentRef {
  readonly id: string;
  readonly pid: number;
  readonly name: string;
}

/**
 * What one process did in the last 12 minutes: 1440 bytes of ring and the counters of its last look.
 * A flow that cannot be seen (undefined) adds nothing; it never counts as zero activity of a known kind, because
 * nothing is concluded from a column without growth.
 */
export class ProcessTrack {
  process: Process;
  parent: ParentRef | undefined;
  readonly firstSeenAt: number;
  /** It was seen to appear. */
  readonly born: boolean;
  lastSeenAt: number;
  endedAt: number | undefined;
  /** CPU time of ended children that were seen on their own, ms, not yet found in `childCpuTime`. */
  childCredit = 0;
  readonly #ring = new Float32Array(SLOTS * COLUMNS);
  #firstSlot: number;
  #slot: number;
  #cpu: number;
  #childCpu: number;
  #read: number | undefined;
  #write: number | undefined;
  #calls: number | undefined;
  #switches: number | undefined;

  /** `born`: it appeared after the last full scan, so all that it ever did belongs to this slot. */
  constructor(process: Process, at: number, slot: number, born: boolean) {
    this.process = process;
    this.firstSeenAt = at;
    this.born = born;
    this.lastSeenAt = at;
    this.#slot = slot;
    this.#firstSlot = slot;
    this.#cpu = born ? 0 : process.cpuTime;
    this.#childCpu = born ? 0 : process.childCpuTime;
    this.#read = born ? 0 : process.readBytes;
    this.#write = born ? 0 : process.writeBytes;
    this.#calls = born ? 0 : process.ioCalls;
    this.#switches = born ? 0 : process.contextSwitches;
    this.observe(process, at, slot);
  }

  observe(process: Process, at: number, slot: number): void {
    this.#advance(slot);
    this.process = process;
    this.lastSeenAt = at;
    this.#cpu = this.#flow(COLUMN.cpu, this.#cpu, process.cpuTime) ?? this.#cpu;
    this.#read = this.#flow(COLUMN.read, this.#read, process.readBytes);
    this.#write = this.#flow(COLUMN.write, this.#write, process.writeBytes);
    this.#calls = this.#flow(COLUMN.calls, this.#calls, process.ioCalls);
    this.#switches = this.#flow(COLUMN.switches, this.#switches, process.contextSwitches);
    const cell = this.#cell(slot);
    this.#ring[cell + COLUMN.rss] = process.rss;
    this.#ring[cell + COLUMN.threads] = process.threads;
    if (process.openFiles !== undefined) this.#ring[cell + COLUMN.files] = process.openFiles;
  }

  /** Adds to a flow from outside: births, and what is folded in of children that nobody remembers. */
  add(column: number, slot: number, amount: number): void {
    this.#advance(slot);
    this.#ring[this.#cell(slot) + column]! += amount;
  }

  /** Counts what grew in `childCpuTime` beyond the children that were seen themselves. Only full scans know those. */
  settle(childCpuTime: number): void {
    const grown = childCpuTime - this.#childCpu;
    this.#childCpu = childCpuTime;
    if (grown <= 0) return;
    const known = Math.min(grown, this.childCredit);
    this.childCredit -= known;
    this.#ring[this.#cell(this.#slot) + COLUMN.childCpu]! += grown - known;
  }

  /** All of a flow from `slot` to now. */
  flow(column: number, slot: number): number {
    let sum = 0;
    for (let index = this.#oldest(slot); index <= this.#slot; index++)
      sum += this.#ring[this.#cell(index) + column]!;
    return sum;
  }

  level(column: number): number {
    return this.#ring[this.#cell(this.#slot) + column]!;
  }

  /**
   * What it usually did before `slot`: flows per second, levels as a mean. Undefined where it was not seen before
   * then. A process of which only the first look precedes `slot` is taken by the average of its life.
   */
  usual(slot: number): Float64Array | undefined {
    if (this.#firstSlot >= slot) return undefined;
    const usual = new Float64Array(COLUMNS);
    const from = this.#oldest(0);
    const to = Math.min(slot - 1, this.#slot);
    const slots = to - from + 1;
    if (slots <= 0) return undefined;
    for (let index = from; index <= to; index++) {
      const cell = this.#cell(index);
      for (let column = 0; column < COLUMNS; column++) usual[column]! += this.#ring[cell + column]!;
    }
    // The first slot began before the first look at it.
    const started = from === this.#firstSlot ? this.firstSeenAt : from * SLOT_MS;
    const seconds = Math.max((Math.min(slot, this.#slot + 1) * SLOT_MS - started) / 1000, 1);
    for (let column = 0; column < COLUMNS; column++) usual[column]! /= column < FLOWS ? seconds : slots;
    return usual;
  }

  /** Its mean behaviour over its whole life before the look that made it known: per second, levels as they are. */
  lifetime(): Float64Array {
    const usual = new Float64Array(COLUMNS);
    const seconds = Math.max((this.lastSeenAt - this.process.startedAt) / 1000, 1);
    const { process } = this;
    const counters = [process.cpuTime, 0, process.readBytes, process.writeBytes];
    counters.push(process.ioCalls, process.contextSwitches, 0);
    for (let column = 0; column < FLOWS; column++)
      usual[column] = Math.max(0, (counters[column] ?? 0) - this.flow(column, 0)) / seconds;
    for (let column = FLOWS; column < COLUMNS; column++) usual[column] = this.#ring[this.#first() + column]!;
    return usual;
  }

  #flow(column: number, before: number | undefined, now: number | undefined): number | undefined {
    if (now === undefined) return before;
    if (before !== undefined && now > before) this.#ring[this.#cell(this.#slot) + column]! += now - before;
    return now;
  }

  #advance(slot: number): void {
    if (slot <= this.#slot) return;
    const newest = this.#cell(this.#slot);
    const levels = this.#ring.slice(newest + FLOWS, newest + COLUMNS);
    for (let index = Math.max(this.#slot + 1, slot - SLOTS + 1); index <= slot; index++) {
      const cell = this.#cell(index);
      this.#ring.fill(0, cell, cell + FLOWS);
      this.#ring.set(levels, cell + FLOWS);
    }
    this.#slot = slot;
  }

  #cell(slot: number): number {
    return (slot % SLOTS) * COLUMNS;
  }

  #first(): number {
    return this.#cell(this.#oldest(0));
  }

  #oldest(slot: number): number {
    return Math.max(slot, this.#firstSlot, this.#slot - SLOTS + 1);
  }
}
