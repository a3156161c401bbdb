import type { Process, ProcessScan } from '../model/process.ts';

/** The latest full scan, with what was read again since. */
export class ProcessTable {
  #scan: ProcessScan | undefined;
  readonly #places = new Map<string, number>();

  observe(scan: ProcessScan): void {
    if (scan.full || !this.#scan) {
      this.#scan = { ...scan, processes: [...scan.processes] };
      this.#places.clear();
      for (const [place, { id }] of scan.processes.entries()) this.#places.set(id, place);
      return;
    }
    const processes = this.#scan.processes as Process[];
    for (const process of scan.processes) {
      const place = this.#places.get(process.id);
      if (place !== undefined) processes[place] = process;
    }
    this.#scan = { ...this.#scan, at: scan.at };
  }

  current(): ProcessScan | undefined {
    return this.#scan;
  }
}
