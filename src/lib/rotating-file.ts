import { closeSync, fstatSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';

export interface RotatingFileOptions {
  readonly path: string;
  readonly mode?: number;
  /** A write that would grow the file past this moves it to `path.1` first. */
  readonly maxBytes?: number;
  /** How many old files (`path.1` is the newest) stay. */
  readonly keep?: number;
}

/**
 * A file of lines that is appended to and rotated by size. Never throws after it was opened: a line that cannot be
 * written (a full disk) is reported by the return value, and the next one is tried again.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #mode: number;
  readonly #maxBytes: number;
  readonly #keep: number;
  #file: number;
  #size: number;
  /** A line was cut by a full disk: the next one starts on a line of its own. */
  #torn = false;

  /** Throws a system error where the file cannot be opened. */
  constructor({ path, mode = 0o640, maxBytes = 10 * 1024 * 1024, keep = 5 }: RotatingFileOptions) {
    this.#path = path;
    this.#mode = mode;
    this.#maxBytes = maxBytes;
    this.#keep = keep;
    this.#file = openSync(path, 'a', mode);
    this.#size = fstatSync(this.#file).size;
  }

  /** Appends one line, with `durable` fsynced before it returns. False where it did not reach the file whole. */
  write(line: string, durable = false): boolean {
    const bytes = Buffer.from(`${this.#torn ? '\n' : ''}${line}${line.endsWith('\n') ? '' : '\n'}`);
    try {
      if (this.#size > 0 && this.#size + bytes.length > this.#maxBytes) this.#rotate();
      const written = writeSync(this.#file, bytes);
      this.#size += written;
      this.#torn = written < bytes.length;
      if (durable) fsyncSync(this.#file);
      return !this.#torn;
    } catch {
      return false;
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #rotate(): void {
    for (let index = this.#keep - 1; index >= 0; index--) {
      const from = index === 0 ? this.#path : `${this.#path}.${index}`;
      try {
        renameSync(from, `${this.#path}.${index + 1}`);
      } catch {
        // An older file that does not exist yet.
      }
    }
    const next = openSync(this.#path, 'a', this.#mode);
    closeSync(this.#file);
    this.#file = next;
    this.#size = fstatSync(next).size;
    this.#torn = false;
  }
}
