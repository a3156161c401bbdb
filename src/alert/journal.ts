import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { errorMessage } from '../lib/errors.ts';
import { RotatingFile } from '../lib/rotating-file.ts';
import { printableJson } from '../lib/text.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { Loss } from '../model/coverage.ts';

export interface AnomalyJournalOptions {
  /** `.../anomalies.json`; older ones beside it are `anomalies.json.1` and so on. */
  readonly path: string;
  /** A line that would grow the file past this starts a new one. */
  readonly maxBytes?: number;
  /** How many old files stay. */
  readonly keep?: number;
  /** Wall clock for the time of a loss, ms. */
  readonly now: () => number;
}

/**
 * `anomalies.json`: one JSON object a line, each on disk (fsync) before `write` returns, mode 0640.
 * It never throws: what could not be written is counted, and a folder that could not be opened is tried again each time.
 */
export class AnomalyJournal {
  readonly #options: AnomalyJournalOptions;
  #file: RotatingFile | undefined;
  /** The last line was cut short by a crash: the next one must not be glued to it. */
  #torn = false;
  #loss: Loss | undefined;

  constructor(options: AnomalyJournalOptions) {
    this.#options = options;
    this.#open();
  }

  /** False where the line did not reach the disk whole. */
  write(anomaly: Anomaly | Breach): boolean {
    const problem = this.#file ? undefined : this.#open();
    const line = `${this.#torn ? '\n' : ''}${printableJson(anomaly)}`;
    if (this.#file?.write(line, true)) {
      this.#torn = false;
      return true;
    }
    this.#loss = {
      what: 'events not logged',
      why: problem ?? `${this.#options.path}: the line could not be written; is the disk full?`,
      count: (this.#loss?.count ?? 0) + 1,
      lastAt: this.#options.now(),
    };
    return false;
  }

  /** What was lost since the start, for the coverage ledger. */
  losses(): readonly Loss[] {
    return this.#loss ? [this.#loss] : [];
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** The reason why it could not be opened, or undefined. */
  #open(): string | undefined {
    const { path, maxBytes, keep } = this.#options;
    try {
      this.#torn = endsTorn(path);
      this.#file = new RotatingFile({
        path,
        mode: 0o640,
        ...(maxBytes !== undefined && { maxBytes }),
        ...(keep !== undefined && { keep }),
      });
      return undefined;
    } catch (error) {
      return errorMessage(error);
    }
  }
}

/** Whether the file has a last line without its end. A file that is not there has none. */
function endsTorn(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    const { size } = fstatSync(file);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
  } finally {
    closeSync(file);
  }
}
