import { processName } from '../model/display.ts';
import type { Process, ProcessScan } from '../model/process.ts';
import { COLUMN, COLUMNS, FLOWS, ProcessTrack, SLOT_MS, SLOTS } from './process-track.ts';

/** How long a process that ended is still named, and how many of them. */
const REMEMBER_ENDED_MS = 10 * 60_000;
const MAX_ENDED = 64;
/** Past this many processes (a fork bomb) new ones are counted at their parents, but not followed. */
const MAX_TRACKS = 4096;
/** A wall clock that jumps by more makes slots meaningless: the past is dropped. */
const MAX_GAP_MS = 10 * 60_000;
/** What an ended process must have cost to be remembered on its own; others are folded into their parent. */
const NOTABLE = { cpuMs: 1000, rss: 64e6, writeBytes: 16e6, births: 10 } as const;
/** A process that was born so shortly before something broke has no usual behaviour yet: what it does is new. */
const YOUNG_MS = 60_000;
/** A change is measured over the newest slots since it began: three, 40 to 60 s. */
const WINDOW_SLOTS = 3;

/** What each process usually does, kept from the moment at which something broke. */
export interface Baseline {
  readonly since: number;
  readonly usual: ReadonlyMap<string, Float64Array>;
}

/** One process now against its own past. Arrays are by COLUMN: flows per second, levels in their unit. */
export interface ProcessChange {
  readonly track: ProcessTrack;
  /** It was not there before. */
  readonly isNew: boolean;
  readonly usual: Float64Array;
  readonly now: Float64Array;
  /** Bytes written and calls made beyond the usual since the change began: what filled a disk may have ended its work. */
  readonly written: number;
  readonly calls: number;
}

/** Bounded memory of what every process did lately, ended ones included, fed by each scan. */
export class ProcessLedger {
  readonly #live = new Map<string, ProcessTrack>();
  readonly #byPid = new Map<number, ProcessTrack>();
  readonly #ended: ProcessTrack[] = [];
  #fullAt: number | undefined;
  #latestAt: number | undefined;
  #newest = -1;
  /** When what each slot holds began: at the last scan before it. */
  readonly #begins = new Float64Array(SLOTS);

  /** Time of the newest scan, ms since the epoch. */
  get latestAt(): number | undefined {
    return this.#latestAt;
  }

  observe(scan: ProcessScan): void {
    if (this.#latestAt !== undefined) {
      const step = scan.at - this.#latestAt;
      if (step < -1000 || step > MAX_GAP_MS) this.#forget();
    }
    const slot = slotOf(scan.at);
    const skipped = Math.max(slot - SLOTS + 1, this.#newest < 0 ? slot : this.#newest + 1);
    for (let next = skipped; next <= slot; next++) this.#begins[next % SLOTS] = this.#latestAt ?? scan.at;
    this.#newest = slot;
    const born: ProcessTrack[] = [];
    for (const process of scan.processes) {
      const track = this.#live.get(process.id);
      if (track) track.observe(process, scan.at, slot);
      else if (scan.full) this.#begin(process, scan.at, slot, born);
    }
    if (scan.full) this.#settle(scan, slot, born);
    this.#latestAt = scan.at;
  }

  /** The process with this pid now, or the one that had it last. */
  find(pid: number): ProcessTrack | undefined {
    return this.#byPid.get(pid) ?? this.#ended.findLast((track) => track.process.pid === pid);
  }

  /** What was usual for each process before `since`. To be taken soon after: the ring holds 12 minutes. */
  baseline(since: number): Baseline {
    const slot = slotOf(since);
    const usual = new Map<string, Float64Array>();
    for (const track of this.#all()) {
      const { born, firstSeenAt, process } = track;
      if (born ? since - firstSeenAt < YOUNG_MS : process.startedAt > since) continue;
      // One that was there when the ledger began has no past in it: all there is, is its life's average.
      usual.set(process.id, track.usual(slot) ?? track.lifetime());
    }
    return { since, usual };
  }

  /** Every process now, over the last minute at most, against the baseline. */
  changes(baseline: Baseline): ProcessChange[] {
    const latestAt = this.#latestAt;
    if (latestAt === undefined) return [];
    const first = Math.min(Math.max(slotOf(baseline.since), this.#newest - SLOTS + 1), this.#newest);
    const slot = Math.max(first, this.#newest - WINDOW_SLOTS + 1);
    const begin = this.#begins[slot % SLOTS]!;
    const seconds = Math.max((latestAt - begin) / 1000, 1);
    // The slot in which it broke began as usual: only what exceeds that is new, and it came in the time since.
    const changedAt = Math.max(baseline.since, begin);
    const changes: ProcessChange[] = [];
    for (const track of this.#all()) {
      const before = baseline.usual.get(track.process.id);
      const usual = before ?? new Float64Array(COLUMNS);
      const now = new Float64Array(COLUMNS);
      const changed = Math.max((latestAt - Math.max(changedAt, track.process.startedAt)) / 1000, 1);
      for (let column = 0; column < COLUMNS; column++) {
        now[column] =
          column < FLOWS
            ? Math.max(0, usual[column]! + (track.flow(column, slot) - usual[column]! * seconds) / changed)
            : track.endedAt === undefined
              ? track.level(column)
              : 0;
      }
      const beyond = (column: number): number =>
        Math.max(
          0,
          track.flow(column, first) - (usual[column]! * (latestAt - this.#begins[first % SLOTS]!)) / 1000,
        );
      const written = beyond(COLUMN.write);
      changes.push({ track, isNew: before === undefined, usual, now, written, calls: beyond(COLUMN.calls) });
    }
    return changes;
  }

  #all(): Iterable<ProcessTrack> {
    return [...this.#live.values(), ...this.#ended];
  }

  #begin(process: Process, at: number, slot: number, born: ProcessTrack[]): void {
    const isBorn = this.#fullAt !== undefined && process.startedAt > this.#fullAt - 10_000;
    if (this.#live.size >= MAX_TRACKS) {
      if (isBorn) this.#byPid.get(process.ppid)?.add(COLUMN.births, slot, 1);
      return;
    }
    const track = new ProcessTrack(process, at, slot, isBorn);
    this.#live.set(process.id, track);
    this.#byPid.set(process.pid, track);
    if (isBorn) born.push(track);
  }

  #settle(scan: ProcessScan, slot: number, born: readonly ProcessTrack[]): void {
    for (const track of born) this.#byPid.get(track.process.ppid)?.add(COLUMN.births, slot, 1);
    for (const id of scan.gone) this.#end(id, scan.at, slot);
    for (const process of scan.processes) {
      const track = this.#live.get(process.id);
      if (!track) continue;
      track.parent ??= reference(this.#byPid.get(process.ppid));
      track.settle(process.childCpuTime);
    }
    const oldest = scan.at - REMEMBER_ENDED_MS;
    while (this.#ended.length > MAX_ENDED || (this.#ended[0]?.endedAt ?? oldest) < oldest)
      this.#ended.shift();
    this.#fullAt = scan.at;
  }

  #end(id: string, at: number, slot: number): void {
    const track = this.#live.get(id);
    if (!track) return;
    this.#live.delete(id);
    const { process } = track;
    if (this.#byPid.get(process.pid) === track) this.#byPid.delete(process.pid);
    const parent = this.#byPid.get(process.ppid);
    const births = track.flow(COLUMN.births, 0);
    if (isNotable(track, births)) {
      track.endedAt = at;
      this.#ended.push(track);
      if (parent) parent.childCredit += process.cpuTime + process.childCpuTime;
    } else if (births > 0) {
      parent?.add(COLUMN.births, slot, births);
    }
  }

  /** Live processes stay, their past does not. */
  #forget(): void {
    this.#live.clear();
    this.#byPid.clear();
    this.#ended.length = 0;
    this.#fullAt = undefined;
    this.#latestAt = undefined;
    this.#newest = -1;
    this.#begins.fill(0);
  }
}

/** The slot of what happened up to `at`. */
const slotOf = (at: number): number => Math.floor((at - 1) / SLOT_MS);

function isNotable({ process }: ProcessTrack, births: number): boolean {
  return (
    process.cpuTime >= NOTABLE.cpuMs ||
    process.rss >= NOTABLE.rss ||
    (process.writeBytes ?? 0) >= NOTABLE.writeBytes ||
    births >= NOTABLE.births
  );
}

function reference(track: ProcessTrack | undefined): ProcessTrack['parent'] {
  return track && { id: track.process.id, pid: track.process.pid, name: processName(track.process) };
}
