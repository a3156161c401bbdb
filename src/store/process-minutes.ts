import type { Process, ProcessIdentity, ProcessScan } from '../model/process.ts';
import { floorTo, HOUR, PROCESS_QUANTA } from './kinds.ts';
import { type Entry, encodePack } from './pack.ts';
import type { TailRow } from './tail.ts';

const MINUTE = 60_000;

/** What a process is, with the number that packs know it by. */
export interface NumberedIdentity {
  readonly number: number;
  readonly identity: ProcessIdentity;
  /** The minute in which it was first seen so, ms since the epoch. */
  readonly at: number;
}

/** A minute of all processes, and those whose identity is new in it. */
export interface ProcessMinute {
  readonly row: TailRow;
  readonly identities: readonly NumberedIdentity[];
}

/** Mean of what could be seen; NaN where nothing could. */
class Mean {
  #sum = 0;
  #count = 0;

  add(value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) return;
    this.#sum += value;
    this.#count++;
  }

  take(): number {
    const mean = this.#count === 0 ? Number.NaN : this.#sum / this.#count;
    this.#sum = 0;
    this.#count = 0;
    return mean;
  }
}

interface Watched {
  readonly number: number;
  identity: ProcessIdentity;
  /** It was read in the minute at hand. */
  seen: boolean;
  /** Its identity is to be stored with the minute. */
  changed: boolean;
  /** In the order of PROCESS_QUANTA. */
  readonly means: readonly [Mean, Mean, Mean, Mean, Mean];
}

/** Gathers scans into minutes: one row a minute with the means of every process that was read in it. */
export class ProcessMinutes {
  readonly #watched = new Map<string, Watched>();
  readonly #numberOf: (id: string) => number | undefined;
  #last: number;
  #minute: number | undefined;

  /** `numberOf`: the number under which a process was stored before; `last`: the highest number in use. */
  constructor(numberOf: (id: string) => number | undefined, last: number) {
    this.#numberOf = numberOf;
    this.#last = last;
  }

  /** The minute before, when this scan begins another one. */
  add(scan: ProcessScan): ProcessMinute | undefined {
    const minute = floorTo(scan.at, MINUTE);
    const before = minute === this.#minute ? undefined : this.take();
    this.#minute = minute;
    for (const process of scan.processes) this.#see(process);
    return before;
  }

  #see(process: Process): void {
    let watched = this.#watched.get(process.id);
    if (!watched) {
      watched = this.#watch(process);
      this.#watched.set(process.id, watched);
    } else if (watched.identity.executable !== process.executable || watched.identity.name !== process.name) {
      watched.changed = true;
    }
    if (watched.changed) watched.identity = process;
    watched.seen = true;
    const [rss, cpu, read, write, threads] = watched.means;
    rss.add(process.rss);
    cpu.add(process.cpu);
    read.add(process.readRate);
    write.add(process.writeRate);
    threads.add(process.threads);
  }

  #watch(process: Process): Watched {
    return {
      number: this.#numberOf(process.id) ?? ++this.#last,
      identity: process,
      seen: false,
      changed: true,
      means: [new Mean(), new Mean(), new Mean(), new Mean(), new Mean()],
    };
  }

  /** What was gathered so far; gathering begins anew. */
  take(): ProcessMinute | undefined {
    const minute = this.#minute;
    if (minute === undefined) return undefined;
    const entries: Entry[] = [];
    const identities: NumberedIdentity[] = [];
    for (const [id, watched] of this.#watched) {
      if (!watched.seen) {
        this.#watched.delete(id);
        continue;
      }
      entries.push({
        id: watched.number,
        columns: watched.means.map((mean) => Float64Array.of(mean.take())),
      });
      if (watched.changed) {
        identities.push({ number: watched.number, identity: identityOf(watched.identity), at: minute });
      }
      watched.seen = false;
      watched.changed = false;
    }
    if (entries.length === 0) return undefined;
    entries.sort((a, b) => a.id - b.id);
    const pack = encodePack(Float64Array.of(minute), entries, () => PROCESS_QUANTA, true);
    const samples = entries.length * PROCESS_QUANTA.length;
    return { row: { kind: 'process', hour: floorTo(minute, HOUR), samples, pack }, identities };
  }
}

/** Longer arguments are cut: a process can carry megabytes of them, and start a thousand times. */
const LONGEST_ARGUMENTS = 2048;

function identityOf(process: ProcessIdentity): ProcessIdentity {
  const args: string[] = [];
  let left = LONGEST_ARGUMENTS;
  for (const argument of process.args) {
    if (left <= 0) break;
    args.push(argument.slice(0, left));
    left -= argument.length + 1;
  }
  const { id, pid, ppid, name, executable, invokedAs, startedAt, uid, gid, cgroup, containerId } = process;
  return { id, pid, ppid, name, executable, invokedAs, args, startedAt, uid, gid, cgroup, containerId };
}
