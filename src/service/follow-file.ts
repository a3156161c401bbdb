import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { errorCode } from '../lib/errors.ts';

/** A log line is at most about so long: the last lines are looked for in so many bytes of them. */
const LINE_BYTES = 4096;
const PIECE = 65_536;

/** Reads a file of lines from near its end, then what comes, through rotations. Throws a system error where it cannot be read. */
export class FollowedFile {
  readonly #path: string;
  #file: number;
  #offset: number;
  #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'r');
    this.#offset = 0;
  }

  /** The last lines that are whole. */
  last(count: number): string[] {
    const { size } = fstatSync(this.#file);
    this.#offset = Math.max(0, size - count * LINE_BYTES);
    const cut = this.#offset > 0;
    const lines = this.#read();
    return count === 0 ? [] : lines.slice(cut ? 1 : 0).slice(-count);
  }

  /** The lines that came since. The rest of a file that was rotated is read before its successor. */
  next(): string[] {
    const lines = this.#read();
    if (!this.#isReplaced()) return lines;
    const next = openSync(this.#path, 'r');
    closeSync(this.#file);
    this.#file = next;
    this.#offset = 0;
    this.#decoder = new StringDecoder('utf8');
    this.#rest = '';
    return [...lines, ...this.#read()];
  }

  close(): void {
    closeSync(this.#file);
  }

  #isReplaced(): boolean {
    try {
      return statSync(this.#path).ino !== fstatSync(this.#file).ino;
    } catch (error) {
      // Between the renaming of the old one and the making of the new one.
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  #read(): string[] {
    const piece = Buffer.alloc(PIECE);
    for (let length = 1; length > 0; ) {
      length = readSync(this.#file, piece, 0, PIECE, this.#offset);
      this.#offset += length;
      this.#rest += this.#decoder.write(piece.subarray(0, length));
    }
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop()!;
    return lines;
  }
}
