import { printable } from '../lib/text.ts';
import type { ProcessFinding } from '../model/anomaly.ts';
import type { Process, ProcessScan } from '../model/process.ts';
import { culpritOf, parentOf } from './culprit.ts';
import { silenceSentence } from './sentence.ts';

export interface SilenceOptions {
  /** Full scans in which a process must have been watched before anything is said of it. */
  readonly matureScans?: number;
  /** In at least this share of them it was active. */
  readonly activeShare?: number;
  /** A silence less likely than this is one. */
  readonly probability?: number;
  /** Expected time between full scans now, ms: a step of more than three of them is a gap, in which nothing was seen. */
  readonly intervalMs?: () => number;
  /** What the process waits for in the kernel (`pipe_write`), where the wiring can read it. */
  readonly waitChannel?: (pid: number) => string | undefined;
  /** Context switches of all its threads until now: asked of the few that seem silent, as the last proof of life. */
  readonly wakeups?: (pid: number) => number | undefined;
}

/** What was learned of one process. */
interface Pulse {
  process: Process;
  cpu: number;
  calls: number;
  /** As the prober last told; undefined while it shows life otherwise. */
  wakeups: number | undefined;
  /** Scans at which it was compared with the scan before, and at how many of them it had moved. */
  looks: number;
  active: number;
  /** Scans since its last sign of life, and the longest such run before this one. */
  quiet: number;
  longestQuiet: number;
  firstAt: number;
  lastActiveAt: number;
}

type Probe = 'waitChannel' | 'wakeups';

/** Never fewer: one lost look at a process proves nothing. */
const MIN_QUIET_SCANS = 4;
/** Where the kernel parks those that wait for work: poll and its kin, reads, accept, sleep, futex, wait for a child. */
const WAITS_FOR_WORK =
  /poll|select|read|recv|accept|data_wait|wait_woken|nanosleep|futex|do_wait|sigtimedwait|sigsuspend|wait_for_packet/;
/** If more of the regular processes than this fall silent together, the machine was held and not they. */
const TOGETHER = 0.5;

/**
 * Finds frozen processes. Each process's own share p of active scans is learned (Laplace: (a + 1) / (n + 2)); k silent
 * scans in a row then have probability (1 - p)^k. It fires below `probability`, never within twice the longest silence
 * that the process showed before. One that was stopped (state T) needs no such proof; one that waits where programs wait
 * for work (a socket, a timer, a child) may simply have none: it must have been watched ten times as long.
 */
export class SilenceDetector {
  readonly #options: Required<Omit<SilenceOptions, Probe>> & Pick<SilenceOptions, Probe>;
  #pulses = new Map<string, Pulse>();
  #found: readonly ProcessFinding[] = [];
  #lastAt: number | undefined;

  constructor(options: SilenceOptions = {}) {
    this.#options = {
      matureScans: 120,
      activeShare: 0.9,
      probability: 1e-6,
      intervalMs: () => 5000,
      ...options,
    };
  }

  /** Takes in a full scan; answers all processes that are silent now. Other scans show too little and change nothing. */
  observe(scan: ProcessScan): readonly ProcessFinding[] {
    if (!scan.full) return this.#found;
    const passed = this.#lastAt === undefined ? 0 : scan.at - this.#lastAt;
    const gap = passed <= 0 || passed > 3 * this.#options.intervalMs();
    this.#lastAt = scan.at;
    const next = new Map<string, Pulse>();
    for (const process of scan.processes) {
      if (isKernelThread(process) || process.state === 'Z' || process.state === 'X') continue;
      next.set(process.id, this.#look(this.#pulses.get(process.id), process, scan.at, gap));
    }
    this.#pulses = next;
    this.#found = this.#silent(scan.at);
    return this.#found;
  }

  #look(pulse: Pulse | undefined, process: Process, at: number, gap: boolean): Pulse {
    const calls = process.ioCalls ?? 0;
    if (!pulse)
      return {
        ...{ process, cpu: process.cpuTime, calls, wakeups: undefined, looks: 0, active: 0, quiet: 0 },
        ...{ longestQuiet: 0, firstAt: at, lastActiveAt: at },
      };
    const moved = process.cpuTime > pulse.cpu || calls > pulse.calls || this.#woke(pulse);
    pulse.process = process;
    pulse.cpu = process.cpuTime;
    pulse.calls = calls;
    if (moved) {
      pulse.longestQuiet = Math.max(pulse.longestQuiet, pulse.quiet);
      // After a gap it is alive, but how often it moved meanwhile is not known.
      pulse.looks += pulse.quiet + (gap ? 0 : 1);
      pulse.active += gap ? 0 : 1;
      pulse.quiet = 0;
      pulse.wakeups = undefined;
      pulse.lastActiveAt = at;
    } else if (!gap) pulse.quiet++;
    return pulse;
  }

  /**
   * Whether one that seems silent was switched in since it was last asked. The scan's own count will not do: it is read
   * seldom, so that it grows late, for what was before.
   */
  #woke(pulse: Pulse): boolean {
    const { wakeups } = this.#options;
    if (!wakeups || pulse.quiet === 0 || !this.#isRegular(pulse)) return false;
    const before = pulse.wakeups;
    pulse.wakeups = wakeups(pulse.process.pid);
    return before !== undefined && pulse.wakeups !== undefined && pulse.wakeups > before;
  }

  #silent(at: number): readonly ProcessFinding[] {
    const regular = [...this.#pulses.values()].filter((pulse) => this.#isRegular(pulse));
    const found = regular.filter((pulse) => this.#isSilent(pulse));
    if (found.length > 2 && found.length > TOGETHER * regular.length) return [];
    return found.map((pulse) => this.#describe(pulse, at));
  }

  #isRegular({ looks, active }: Pulse): boolean {
    return looks >= this.#options.matureScans && active >= this.#options.activeShare * looks;
  }

  #isSilent(pulse: Pulse): boolean {
    const { state } = pulse.process;
    if (state === 't' || pulse.quiet < MIN_QUIET_SCANS) return false;
    if (state === 'T') return true;
    if (pulse.quiet <= 2 * pulse.longestQuiet) return false;
    if (silenceProbability(pulse) >= this.#options.probability) return false;
    const channel = state === 'S' ? this.#options.waitChannel?.(pulse.process.pid) : undefined;
    return !channel || !WAITS_FOR_WORK.test(channel) || pulse.looks >= 10 * this.#options.matureScans;
  }

  #describe(pulse: Pulse, at: number): ProcessFinding {
    const { process, lastActiveAt: since } = pulse;
    const share = (pulse.active + 1) / (pulse.looks + 2);
    const how = this.#state(process);
    const culprit = culpritOf(process, parentOf(this.#withPid(process.ppid)), {
      share: 1,
      evidence: `no CPU time and no I/O call in ${pulse.quiet} scans; ${how}`,
    });
    const watchedMs = since - pulse.firstAt;
    return {
      what: 'silence',
      culprit,
      since,
      // Stopped is certain and asleep is inferred.
      severity: process.state === 'T' || process.state === 'D' ? 'MEDIUM' : 'LOW',
      score: -Math.log10(Math.max(silenceProbability(pulse), 1e-300)),
      returnPeriodSeconds: watchedMs / 1000,
      sentence: silenceSentence(culprit, since, at, { how, activeShare: share, watchedMs }),
    };
  }

  #state({ state, pid }: Process): string {
    if (state === 'T') return 'it is stopped (state T)';
    const channel = this.#options.waitChannel?.(pid);
    const where = channel && channel !== '0' ? `, in ${printable(channel)}` : '';
    if (state === 'D') return `it waits for a device without being interruptible (state D${where})`;
    if (state === 'R') return `it is ready to run and gets no CPU time (state R${where})`;
    return `it waits for something that does not come (state ${state}${where})`;
  }

  #withPid(pid: number): Process | undefined {
    for (const { process } of this.#pulses.values()) if (process.pid === pid) return process;
    return undefined;
  }
}

/** (1 - p)^k with Laplace's p, of the run of silence that lasts now. */
function silenceProbability({ active, looks, quiet }: Pulse): number {
  return (1 - (active + 1) / (looks + 2)) ** quiet;
}

const isKernelThread = ({ pid, ppid }: Process): boolean => pid === 2 || ppid === 2;
