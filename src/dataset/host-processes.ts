import { PROCESS_LIFE, type ProcessEvent } from '../model/process-event.ts';
import { isKernelThread } from './executable.ts';
import { classOf, type ProcessClass, platformOf } from './paths.ts';

/**
 * Senders that do not announce ends send each process every 30 s: one that missed three times has ended, and after so long
 * a silence of the whole host nobody knows what started and ended meanwhile. ms.
 */
const ALIVE_MS = 90_000;

/** What a window needs to know of a process. */
export interface SeenProcess {
  startedNs: bigint;
  executable: string;
  processClass: ProcessClass;
  uid: number;
  argsCount: number;
  /** Characters of the arguments with a space between them. */
  length: number;
  lastAt: number;
}

/** What happened on a host in a window. */
export interface WindowOfHost {
  readonly events: number;
  /** Undefined where nobody knows: the first window of a host that does not announce, or the one after a long silence. */
  readonly created: number | undefined;
  readonly ended: number | undefined;
  /** Alive at its end. */
  readonly alive: number;
  /** Everyone that was there at any time in it. */
  readonly present: readonly SeenProcess[];
}

/** Follows the processes of one host through events in the order of time. Memory: of those that are alive. */
export class HostProcesses {
  readonly #alive = new Map<number, SeenProcess>();
  #ended: SeenProcess[] = [];
  #events = 0;
  #created = 0;
  #announces = false;
  #told = true;
  #lastAt = Number.NEGATIVE_INFINITY;

  add(event: ProcessEvent, at: number): void {
    const life = event.osMetadata[PROCESS_LIFE];
    if (life !== undefined) this.#announces = true;
    if (at - this.#lastAt > ALIVE_MS && !this.#announces) {
      this.#alive.clear();
      this.#told = false;
    }
    this.#lastAt = at;
    this.#events++;
    const before = this.#alive.get(event.pid);
    const same = before !== undefined && isSame(before, event);
    const now = seen(event, at);
    if (before && !same) this.#ended.push(before);
    if (life === 'end') {
      this.#alive.delete(event.pid);
      this.#ended.push(now);
      return;
    }
    this.#alive.set(event.pid, now);
    if (!same && (life === undefined || life === 'start')) this.#created++;
  }

  /** Ends the window at `end` (ms since the epoch) and begins the next. */
  close(end: number): WindowOfHost {
    if (!this.#announces) {
      for (const [pid, process] of this.#alive) {
        if (process.lastAt + ALIVE_MS > end) continue;
        this.#alive.delete(pid);
        this.#ended.push(process);
      }
    }
    const told = this.#told;
    const window = {
      events: this.#events,
      created: told ? this.#created : undefined,
      ended: told ? this.#ended.length : undefined,
      alive: this.#alive.size,
      present: [...this.#alive.values(), ...this.#ended],
    };
    this.#events = 0;
    this.#created = 0;
    this.#ended = [];
    this.#told = true;
    return window;
  }
}

/** A pid is used again: its start time tells processes apart, or where none is given its program. */
const isSame = (before: SeenProcess, { startedNs, executable }: ProcessEvent): boolean =>
  before.startedNs === startedNs && (startedNs !== 0n || before.executable === executable);

function seen(event: ProcessEvent, at: number): SeenProcess {
  const { startedNs, executable, osType, uid, args } = event;
  const platform = platformOf(executable, osType);
  const kernel = executable === '' && isKernelThread(event, platform);
  let length = Math.max(0, args.length - 1);
  for (const arg of args) length += arg.length;
  const processClass = kernel ? 'system' : classOf(executable, platform);
  return { startedNs, executable, processClass, uid, argsCount: args.length, length, lastAt: at };
}
