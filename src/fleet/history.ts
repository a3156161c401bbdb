import type { Anomaly } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { History } from '../model/history.ts';
import type { Tick } from '../model/metric.ts';

/** What is needed of a host's history. */
export interface HostHistory extends History {
  append(tick: Tick): void;
  /** All of them with one wait for the disk. */
  appendAnomaly(...anomalies: readonly (Anomaly | Breach)[]): void;
  flush(): void;
  /** In slices of about `budgetMs`; true when there is more to do. */
  maintain(budgetMs: number): boolean;
  stats(): HistoryStats;
  close(): void;
}

export interface HistoryStats {
  readonly bytes: number;
  readonly capBytes: number;
  readonly series: number;
  readonly oldestAt: number | undefined;
  /** Why nothing can be stored now. */
  readonly problem: string | undefined;
}

/** Opens the history of a host for writing. Throws where it cannot. */
export type OpenHistory = (host: string) => HostHistory;

/**
 * Those that are in use, the latest last: so many are open at the most. All are written in turn, so the one that was used last is the
 * last one to be needed again: it makes room, and all others stay open.
 */
export class Histories {
  readonly #open: OpenHistory;
  readonly #most: number;
  readonly #inUse = new Map<string, HostHistory>();
  /** Whose data is to be compacted. */
  readonly #chores = new Set<string>();

  constructor(open: OpenHistory, most: number) {
    this.#open = open;
    this.#most = most;
  }

  /** The history of a host. Throws where it cannot be opened. */
  of(host: string): HostHistory {
    const known = this.#inUse.get(host);
    if (!known && this.#inUse.size >= this.#most) this.#closeLatest();
    this.#inUse.delete(host);
    const history = known ?? this.#open(host);
    this.#inUse.set(host, history);
    return history;
  }

  /** Something was written to it. */
  wrote(host: string): void {
    this.#chores.add(host);
  }

  /** Compacts, drops what is too old: the host's that waits longest. To be called often; takes some ms. */
  maintain(budgetMs: number): void {
    const [host] = this.#chores;
    if (host === undefined) return;
    this.#chores.delete(host);
    if (this.#inUse.get(host)?.maintain(budgetMs)) this.#chores.add(host);
  }

  close(): void {
    for (const history of this.#inUse.values()) history.close();
    this.#inUse.clear();
  }

  #closeLatest(): void {
    const [host, history] = [...this.#inUse].at(-1)!;
    this.#inUse.delete(host);
    this.#chores.delete(host);
    history.close();
  }
}
