import { Backoff } from '../../lib/backoff.ts';
import type { Timers } from '../../lib/timers.ts';
import type { ExportFigures } from '../../model/status.ts';

/** How a send ended. `refused`: it will never be taken, whatever changes at the other end. */
export type Sent =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string; readonly refused: boolean };

export interface SenderOptions<T> {
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Items that may wait; beyond it the oldest goes. */
  readonly most: number;
  /** Items of one send. */
  readonly together: number;
  readonly send: (items: readonly T[]) => Promise<Sent>;
  /** Items were given up. */
  readonly onLost: (items: readonly T[], why: string) => void;
  /** Sending fails, and why; or, with undefined, does so no longer. Told once until it changes. */
  readonly onProblem: (why: string | undefined) => void;
}

/** The first wait after a failure, and the longest, ms. Before it the exporter has tried for its whole timeout. */
const BASE_MS = 1000;
const CAP_MS = 60_000;

/** A bounded queue to one endpoint, sent in order, one send at a time; whatever fails waits there and is tried again. */
export class Sender<T> {
  readonly #options: SenderOptions<T>;
  readonly #backoff: Backoff;
  #waiting: T[] = [];
  #sending: Promise<void> | undefined;
  #callOff: (() => void) | undefined;
  #problem: string | undefined;
  #sent = 0;
  #open = true;

  constructor(options: SenderOptions<T>) {
    this.#options = options;
    this.#backoff = new Backoff({ baseMs: BASE_MS, capMs: CAP_MS, random: options.random });
  }

  push(item: T): void {
    this.#waiting.push(item);
    const { most, onLost } = this.#options;
    if (this.#waiting.length > most)
      onLost([this.#waiting.shift()!], this.#problem ?? 'the endpoint takes less than there is to tell');
    if (!this.#callOff) this.#start();
  }

  /** Items that wait, those under way too; and those that were taken since the start. */
  figures(): ExportFigures {
    return { waiting: this.#waiting.length, sent: this.#sent };
  }

  /** Why it fails now. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Nothing is tried again; what is under way, and one try of what waits, may still arrive. */
  async stop(): Promise<void> {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#start();
    this.#open = false;
    await this.#sending;
  }

  #start(): void {
    if (!this.#open || this.#sending || this.#waiting.length === 0) return;
    this.#sending = this.#drain().finally(() => {
      this.#sending = undefined;
    });
  }

  async #drain(): Promise<void> {
    const { together, send, timers } = this.#options;
    while (this.#waiting.length > 0) {
      const items = this.#waiting.slice(0, together);
      const sent = await send(items);
      if (!this.#settle(items, sent)) {
        if (this.#open) this.#callOff = timers.after(this.#backoff.next(), () => this.#again());
        return;
      }
    }
  }

  /** Whether the next may be sent at once. */
  #settle(items: readonly T[], sent: Sent): boolean {
    this.#tell(sent.ok ? undefined : sent.why);
    if (!sent.ok && !sent.refused) return false;
    this.#backoff.reset();
    const left = new Set(items);
    this.#waiting = this.#waiting.filter((item) => !left.has(item));
    if (sent.ok) this.#sent += items.length;
    else this.#options.onLost(items, sent.why);
    return true;
  }

  #again(): void {
    this.#callOff = undefined;
    this.#start();
  }

  #tell(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onProblem(problem);
  }
}
