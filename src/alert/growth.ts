import type { ProcessFinding } from '../model/anomaly.ts';
import type { Process, ProcessScan } from '../model/process.ts';
import { culpritOf, parentOf } from './culprit.ts';
import { growthSentence } from './sentence.ts';

export interface GrowthOptions {
  /** Bytes of memory of the machine. */
  readonly memoryBytes: number;
  /** A growth less likely than this is a leak. */
  readonly probability?: number;
  /** Less than this is never one, bytes. */
  readonly leastBytes?: number;
  /** Memory that no file backs, bytes: asked of the few that seem to leak. Undefined where it may not be seen. */
  readonly anonymousBytes?: (pid: number) => number | undefined;
}

/** Its lowest RSS within so long counts: a heap that is collected now and then swings, a leak lifts what remains. */
const SLOT_MS = 12_000;
/** A step behind a longer gap is no growth of one slot. */
const GAP_SLOTS = 4;
/** Less is the noise of a page here and there. */
const LEAST_STEP = 64 * 1024;
/** Three minutes: before that, what starts and what fills a cache look the same. */
const LEAST_RUN = 15;
/** From here on its anonymous memory is compared. */
const ASK_AFTER = 5;
/** Of a run, so many slots are kept: an hour says enough about its shape. */
const MOST_LEVELS = 300;
/** A cache that fills slows down; a leak goes on. The later half must bring so much of what the earlier one did. */
const STEADY = 0.6;
/** So much of the growth must be memory that no file backs: a mapped file that is read in is a cache. */
const ANONYMOUS = 0.7;
/** A growth below this share of what the process had is how large processes breathe. */
const LEAST_SHARE = 0.1;
/** Executables whose longest run is remembered. */
const MOST_KINDS = 1000;
const DAY_SECONDS = 86_400;

/** The growth of one process. */
interface Heap {
  process: Process;
  slot: number;
  /** Lowest RSS of the slot that runs, and of the one before. */
  low: number;
  before: number;
  /** Slots compared, those that grew, and the longest run of them that is over. */
  looks: number;
  grew: number;
  longest: number;
  /** The run of growing slots that lasts: when it began and the RSS at its beginning and after each slot. */
  since: number;
  levels: number[];
  run: number;
  /** RSS and anonymous memory as they were when they were first compared in this run. */
  asked: { readonly rss: number; readonly anonymous: number } | undefined;
}

/**
 * Finds leaks: memory of a process that grows without a pause. Each process's own share g of growing slots is learned
 * (Laplace: (a + 1) / (n + 2), before the run that lasts); k growing slots in a row then have probability g^k. It fires
 * below `probability` (a process that nothing is known of: after 20 slots, 4 minutes), never within twice the longest run
 * that this process or another one of the same executable showed before, and not for a growth that slows down, is small, or is that of mapped files.
 */
export class GrowthDetector {
  readonly #options: Required<Omit<GrowthOptions, 'anonymousBytes'>> & Pick<GrowthOptions, 'anonymousBytes'>;
  #heaps = new Map<string, Heap>();
  /** Longest run of an executable's processes, in slots; the least recently changed first. */
  readonly #kinds = new Map<string, number>();
  #firstAt: number | undefined;

  constructor(options: GrowthOptions) {
    this.#options = { probability: 1e-6, leastBytes: 32e6, ...options };
  }

  /** Takes in a full scan; answers all processes that leak now. */
  observe(scan: ProcessScan): readonly ProcessFinding[] {
    this.#firstAt ??= scan.at;
    const next = new Map<string, Heap>();
    for (const process of scan.processes) {
      const heap = this.#heaps.get(process.id) ?? newHeap(process, scan.at);
      this.#heaps.delete(process.id);
      this.#look(heap, process, scan.at);
      next.set(process.id, heap);
    }
    for (const heap of this.#heaps.values()) this.#endRun(heap);
    this.#heaps = next;
    return [...next.values()]
      .filter((heap) => this.#leaks(heap))
      .map((heap) => this.#describe(heap, scan.at));
  }

  #look(heap: Heap, process: Process, at: number): void {
    heap.process = process;
    const slot = Math.floor(at / SLOT_MS);
    if (slot === heap.slot) {
      heap.low = Math.min(heap.low, process.rss);
      return;
    }
    if (slot < heap.slot || slot - heap.slot > GAP_SLOTS) this.#endRun(heap);
    else this.#compare(heap, at);
    heap.before = heap.low;
    heap.low = process.rss;
    heap.slot = slot;
  }

  /** A slot is over: it is held against the one before. */
  #compare(heap: Heap, at: number): void {
    if (Number.isNaN(heap.before)) return;
    if (heap.low - heap.before < LEAST_STEP) {
      heap.looks++;
      this.#endRun(heap);
      return;
    }
    if (heap.run === 0) {
      heap.since = at - 2 * SLOT_MS;
      heap.levels = [heap.before];
    }
    heap.run++;
    if (heap.levels.length < MOST_LEVELS) heap.levels.push(heap.low);
    if (heap.run === ASK_AFTER) heap.asked = this.#ask(heap);
  }

  #ask({ process }: Heap): Heap['asked'] {
    const anonymous = this.#options.anonymousBytes?.(process.pid);
    return anonymous === undefined ? undefined : { rss: process.rss, anonymous };
  }

  #endRun(heap: Heap): void {
    if (heap.run === 0) return;
    heap.looks += heap.run;
    heap.grew += heap.run;
    heap.longest = Math.max(heap.longest, heap.run);
    const { executable } = heap.process;
    if (executable !== undefined && grown(heap) >= this.#options.leastBytes / 4) {
      const longest = Math.max(heap.run, this.#kinds.get(executable) ?? 0);
      this.#kinds.delete(executable);
      this.#kinds.set(executable, longest);
      if (this.#kinds.size > MOST_KINDS) this.#kinds.delete(this.#kinds.keys().next().value!);
    }
    heap.run = 0;
    heap.levels = [];
    heap.asked = undefined;
  }

  #leaks(heap: Heap): boolean {
    if (heap.run < LEAST_RUN) return false;
    const growth = grown(heap);
    if (growth < Math.max(this.#options.leastBytes, LEAST_SHARE * heap.levels[0]!)) return false;
    const known = Math.max(heap.longest, this.#kinds.get(heap.process.executable ?? '') ?? 0);
    if (heap.run <= 2 * known || probability(heap) >= this.#options.probability) return false;
    return isSteady(heap.levels) && this.#isAnonymous(heap);
  }

  /** Where it may not be seen, growth is taken for what it looks like. */
  #isAnonymous({ process, asked }: Heap): boolean {
    if (!asked) return true;
    const anonymous = this.#options.anonymousBytes?.(process.pid);
    if (anonymous === undefined) return true;
    return anonymous - asked.anonymous >= ANONYMOUS * (process.rss - asked.rss);
  }

  #describe(heap: Heap, at: number): ProcessFinding {
    const { process, since } = heap;
    const perSecond = slope(heap.levels);
    const fullSeconds = Math.max(0, this.#options.memoryBytes - process.rss) / perSecond;
    const parent = [...this.#heaps.values()].find((one) => one.process.pid === process.ppid)?.process;
    const growth = { from: heap.levels[0]!, to: process.rss, perMinute: perSecond * 60, fullSeconds };
    const culprit = culpritOf(process, parentOf(parent), {
      share: 1,
      evidence: `memory grew in each of ${heap.run} looks, ${SLOT_MS / 1000} s apart`,
    });
    return {
      what: 'growth',
      culprit,
      since,
      severity: fullSeconds < DAY_SECONDS ? 'MEDIUM' : 'LOW',
      score: -Math.log10(Math.max(probability(heap), 1e-300)),
      returnPeriodSeconds: (at - this.#firstAt!) / 1000,
      sentence: growthSentence(culprit, since, at, growth),
    };
  }
}

const newHeap = (process: Process, at: number): Heap => ({
  ...{ process, slot: Math.floor(at / SLOT_MS), low: process.rss, before: Number.NaN },
  ...{ looks: 0, grew: 0, longest: 0, since: at, levels: [], run: 0, asked: undefined },
});

/** Bytes by which it grew in the run that lasts. */
const grown = ({ low, levels }: Heap): number => (levels.length === 0 ? 0 : low - levels[0]!);

/** g^k with Laplace's g, of the run of growth that lasts now. */
const probability = ({ grew, looks, run }: Heap): number => ((grew + 1) / (looks + 2)) ** run;

/** Bytes a second from the first to the last of levels that are a slot apart. */
function slope(levels: readonly number[]): number {
  return (levels.at(-1)! - levels[0]!) / (((levels.length - 1) * SLOT_MS) / 1000);
}

function isSteady(levels: readonly number[]): boolean {
  const middle = levels[levels.length >> 1]!;
  return levels.at(-1)! - middle >= STEADY * (middle - levels[0]!);
}
