import type { Process, ProcessScan, ProcessState } from '../model/process.ts';

/** Why a process is told of. */
export type ChangeKind = 'start' | 'end' | 'change' | 'snapshot';

export interface ProcessChange {
  readonly kind: ChangeKind;
  readonly process: Process;
}

/**
 * Memory and threads have changed when they are twice or half of what was told last, and by so much at the least: bytes, threads.
 * Against what was told, not against fixed steps: a value that swings around a step would be told at each scan.
 */
const FACTOR = 2;
const LEAST_MEMORY = 32 * 2 ** 20;
const LEAST_THREADS = 8;
/** What a process does, unlike what it is, is told at most so often of the same process, ms. */
const MEASURES_EVERY_MS = 60_000;

interface Told {
  readonly process: Process;
  /** Time of the scan, ms since the epoch. */
  readonly at: number;
}

/**
 * From full scans to what there is to tell: a process that started, ended or changed, and now and then all of them (`snapshot`).
 *
 * What a process is (executable, arguments, owner, control group, container, parent) is told when it changes. What it does is told in
 * coarse steps, at most once a minute: whether it runs, is stopped or is a zombie; its title, where it sets one; its memory and
 * threads, when they doubled or halved.
 */
export class ProcessChanges {
  readonly #told = new Map<string, Told>();
  readonly #snapshotEveryMs: number;
  #snapshotAt = Number.NEGATIVE_INFINITY;

  /** `snapshotEveryMs`: between two snapshots. */
  constructor(snapshotEveryMs: number) {
    this.#snapshotEveryMs = snapshotEveryMs;
  }

  /** The next full scan tells all processes. */
  wantSnapshot(): void {
    this.#snapshotAt = Number.NEGATIVE_INFINITY;
  }

  /** What a scan tells that was not told yet; of a scan of the busy ones alone nothing. */
  observe(scan: ProcessScan): readonly ProcessChange[] {
    const changes: ProcessChange[] = [];
    if (!scan.full) return changes;
    const first = this.#told.size === 0;
    const all = Math.abs(scan.at - this.#snapshotAt) >= this.#snapshotEveryMs;
    if (all) this.#snapshotAt = scan.at;
    for (const id of scan.gone) {
      const told = this.#told.get(id);
      if (told) changes.push({ kind: 'end', process: told.process });
      this.#told.delete(id);
    }
    for (const process of scan.processes) {
      const kind = this.#kindOf(process, scan.at, first) ?? (all ? 'snapshot' : undefined);
      if (kind === undefined) continue;
      const startedAt = this.#told.get(process.id)?.process.startedAt ?? process.startedAt;
      // A clock that was set moves the start time, which is part of what names a process.
      const told = startedAt === process.startedAt ? process : { ...process, startedAt };
      this.#told.set(process.id, { process: told, at: scan.at });
      changes.push({ kind, process: told });
    }
    return changes;
  }

  /** `first`: nobody saw whether the processes of the first scan started just now. */
  #kindOf(process: Process, at: number, first: boolean): ChangeKind | undefined {
    const told = this.#told.get(process.id);
    if (!told) return first ? 'snapshot' : 'start';
    if (isOther(told.process, process)) return 'change';
    const due = Math.abs(at - told.at) >= MEASURES_EVERY_MS;
    return due && doesOther(told.process, process) ? 'change' : undefined;
  }
}

/** It is something else than it was. */
function isOther(before: Process, now: Process): boolean {
  return (
    before.executable !== now.executable ||
    before.executableDeleted !== now.executableDeleted ||
    before.ppid !== now.ppid ||
    before.uid !== now.uid ||
    before.gid !== now.gid ||
    before.cgroup !== now.cgroup ||
    before.containerId !== now.containerId ||
    !sameTexts(before.args, now.args)
  );
}

/** It does something else than it did. */
function doesOther(before: Process, now: Process): boolean {
  return (
    before.invokedAs !== now.invokedAs ||
    stateClass(before.state) !== stateClass(now.state) ||
    stepped(before.rss, now.rss, LEAST_MEMORY) ||
    stepped(before.threads, now.threads, LEAST_THREADS)
  );
}

function stateClass(state: ProcessState): 'runs' | 'stopped' | 'ended' {
  if (state === 'T' || state === 't') return 'stopped';
  return state === 'Z' || state === 'X' ? 'ended' : 'runs';
}

const stepped = (before: number, now: number, least: number): boolean =>
  Math.abs(now - before) >= least && (now >= before * FACTOR || now * FACTOR <= before);

const sameTexts = (one: readonly string[], other: readonly string[]): boolean =>
  one === other || (one.length === other.length && one.every((text, index) => text === other[index]));
