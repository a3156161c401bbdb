import type { ProcessScan } from '../model/process.ts';
import type { Restarts } from './situation.ts';
import { unitOf } from './target.ts';

/** Starts are remembered for so long, ms, and of so many services. */
const WINDOW_MS = 600_000;
const MOST_UNITS = 500;
const MOST_STARTS = 64;

interface Life {
  readonly startedAt: number;
  endedAt: number | undefined;
}

/** Sees in the scans how often the main processes of services begin and end. A main process is one whose parent is init. */
export class RestartWatch {
  readonly #running = new Map<string, Life>();
  readonly #lives = new Map<string, Life[]>();

  observe(scan: ProcessScan): void {
    if (!scan.full) return;
    const seen = new Set<string>();
    for (const { id, ppid, cgroup, startedAt, state } of scan.processes) {
      if (ppid !== 1 || state === 'Z') continue;
      seen.add(id);
      if (this.#running.has(id)) continue;
      const unit = unitOf(cgroup);
      if (!unit || unit.user !== undefined) continue;
      const life: Life = { startedAt, endedAt: undefined };
      this.#running.set(id, life);
      const lives = this.#lives.get(unit.name) ?? [];
      lives.push(life);
      if (lives.length > MOST_STARTS) lives.shift();
      if (this.#lives.size < MOST_UNITS || this.#lives.has(unit.name)) this.#lives.set(unit.name, lives);
    }
    for (const [id, life] of this.#running) {
      if (seen.has(id)) continue;
      life.endedAt = scan.at;
      this.#running.delete(id);
    }
  }

  /** Services whose main processes ended lately. Those that still run count as starts, not as lives. */
  restarts(at: number): readonly Restarts[] {
    return [...this.#lives].flatMap(([unit, lives]) => {
      const lately = lives.filter(({ startedAt }) => at - startedAt <= WINDOW_MS);
      if (lately.length === 0) {
        if (!lives.some(({ endedAt }) => endedAt === undefined)) this.#lives.delete(unit);
        return [];
      }
      const ended = lately.flatMap(({ startedAt, endedAt }) =>
        endedAt === undefined ? [] : [endedAt - startedAt],
      );
      if (ended.length === 0) return [];
      const medianLifeMs = ended.sort((one, other) => one - other)[ended.length >> 1]!;
      return [{ unit, count: lately.length, overMs: at - lately[0]!.startedAt, medianLifeMs }];
    });
  }
}
