/** A time in which a host sent nothing. */
export interface Silence {
  readonly host: string;
  /** ms since the epoch: the event before it and the one after. */
  readonly from: number;
  readonly to: number;
}

/** As many are kept for the report. */
const MOST = 10;

/** Finds times without an event of a host, by the senders' own clocks. */
export class Silences {
  readonly thresholdMs: number;
  readonly #last = new Map<string, number>();
  readonly #longest: Silence[] = [];
  #count = 0;

  constructor(thresholdMs: number) {
    this.thresholdMs = thresholdMs;
  }

  add(host: string, at: number): void {
    const last = this.#last.get(host);
    // What comes late (an agent that drains its log, a retry) fills no gap that time has not passed over.
    if (last !== undefined && at <= last) return;
    this.#last.set(host, at);
    if (last === undefined || at - last <= this.thresholdMs) return;
    this.#count++;
    this.#longest.push({ host, from: last, to: at });
    this.#longest.sort((a, b) => b.to - b.from - (a.to - a.from));
    if (this.#longest.length > MOST) this.#longest.pop();
  }

  count(): number {
    return this.#count;
  }

  longest(): readonly Silence[] {
    return this.#longest;
  }
}
