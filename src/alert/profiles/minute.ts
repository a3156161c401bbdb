import type { Process } from '../../model/process.ts';
import type { ProfileMeasure } from '../../model/profile.ts';
import { kindOf } from './kind.ts';
import type { Profile } from './profile.ts';

/** Minutes in a row in which a measure was unusual. */
export interface Streak {
  readonly since: number;
  minutes: number;
  told: boolean;
}

/** What one process did in the minute that runs. */
export class Minute {
  process: Process;
  readonly profile: Profile;
  /** Highest value of each measure in earlier minutes: its own past. */
  readonly past: Partial<Record<ProfileMeasure, number>> = {};
  readonly streaks: Partial<Record<ProfileMeasure, Streak>> = {};
  /** The latest minutes, oldest first: not yet learned, because what begins in them may be told. */
  readonly latest: Partial<Record<ProfileMeasure, number>>[] = [];
  /** Whether its age can be held against the lives of its kind: these must have been known when it began. */
  readonly judgeLife: boolean;
  #from: number;
  #cpu: number;
  #bytes: number | undefined;
  #memory = 0;
  #threads = 0;

  constructor(process: Process, profile: Profile, at: number) {
    this.process = process;
    this.profile = profile;
    this.judgeLife = profile.isMature('life', process.startedAt);
    this.#from = at;
    this.#cpu = process.cpuTime;
    this.#bytes = bytesOf(process);
    this.see(process);
  }

  /** False where it has become another program (exec): what was gathered is of the one before. */
  see(process: Process): boolean {
    const before = this.process;
    if (process.executable !== before.executable || process.name !== before.name) {
      if (kindOf(process) !== this.profile.kind) return false;
    }
    this.process = process;
    this.#memory = Math.max(this.#memory, process.rss);
    this.#threads = Math.max(this.#threads, process.threads);
    return true;
  }

  /** The values of the minute, which is then over. What could not be seen is missing. */
  end(at: number): Partial<Record<ProfileMeasure, number>> {
    const seconds = (at - this.#from) / 1000;
    const { process } = this;
    const bytes = bytesOf(process);
    const values: Partial<Record<ProfileMeasure, number>> = { memory: this.#memory, threads: this.#threads };
    // A process seen a moment ago has no minute yet.
    if (seconds >= LEAST_SECONDS) {
      values.cpu = Math.max(0, process.cpuTime - this.#cpu) / 1000 / seconds;
      if (bytes !== undefined && this.#bytes !== undefined)
        values.io = Math.max(0, bytes - this.#bytes) / seconds;
    }
    if (this.judgeLife) values.life = (at - process.startedAt) / 1000;
    this.#from = at;
    this.#cpu = process.cpuTime;
    this.#bytes = bytes;
    this.#memory = process.rss;
    this.#threads = process.threads;
    return values;
  }
}

/** A rate over less is that of a moment. */
const LEAST_SECONDS = 30;

function bytesOf({ readBytes, writeBytes }: Process): number | undefined {
  return readBytes === undefined || writeBytes === undefined ? undefined : readBytes + writeBytes;
}
