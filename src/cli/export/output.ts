import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';
import { type Cursor, readCursor, removeCursor, writeCursor } from './cursor.ts';
import type { ExportPlan } from './plan.ts';

/** What is written waits until it is about so many bytes. */
const CHUNK = 1 << 16;
/** Between two cursors, ms: so much work is done again after a crash at the most. */
const CURSOR_EVERY_MS = 1000;

/** Where rows go. */
export interface Output {
  /** Where it gives a promise, that is to be awaited before more is written. */
  write(data: string | Uint8Array): Promise<void> | undefined;
  /** All that was written so far is whole, and ends at this position of the source; `state`: what else is needed to go on. */
  commit(position: number, state?: string): void;
  /** Nothing more comes; `whole`: because there is nothing more. */
  end(whole: boolean): Promise<void>;
}

/**
 * A file that can be gone on with: bytes first, then the cursor that vouches for them. Mode 0600; an existing file is never
 * overwritten. Throws UserErrors.
 */
export class FileOutput implements Output {
  readonly #path: string;
  readonly #file: number;
  /** As the latest commit has it. */
  #cursor: Cursor;
  #bytes: number;
  #checksum: number;
  readonly #waiting = new Waiting();
  #lastCursor = performance.now();

  private constructor(path: string, file: number, cursor: Cursor) {
    this.#path = path;
    this.#file = file;
    this.#cursor = cursor;
    this.#bytes = cursor.bytes;
    this.#checksum = cursor.checksum;
  }

  static create(path: string, plan: ExportPlan): FileOutput {
    const file = open(path, 'wx');
    const cursor = { plan, position: undefined, bytes: 0, checksum: 0 };
    try {
      writeCursor(path, cursor);
    } catch (error) {
      // Nothing was begun that could be gone on with.
      closeSync(file);
      rmSync(path);
      throw new UserError(
        `${path} cannot be written (${errorCode(error) ?? errorMessage(error)}); free some space or choose another folder`,
        1,
      );
    }
    return new FileOutput(path, file, cursor);
  }

  /** Cuts off what the cursor does not vouch for. */
  static resume(path: string): { readonly output: FileOutput; readonly cursor: Cursor } {
    const cursor = readCursor(path);
    const file = open(path, 'r+');
    if (checksumOf(file, cursor.bytes) !== cursor.checksum) {
      closeSync(file);
      throw new UserError(
        `${path} was changed since its export was broken off: export again under another name`,
      );
    }
    ftruncateSync(file, cursor.bytes);
    return { output: new FileOutput(path, file, cursor), cursor };
  }

  write(data: string | Uint8Array): undefined {
    this.#waiting.add(data);
    if (this.#waiting.length >= CHUNK) this.#flush();
  }

  commit(position: number, state?: string): void {
    // A later cut falls to where this says that rows are whole, not to where the file ends.
    this.#flush();
    this.#cursor = { ...this.#cursor, position, state, bytes: this.#bytes, checksum: this.#checksum };
    if (performance.now() - this.#lastCursor >= CURSOR_EVERY_MS) this.#saveCursor();
  }

  async end(whole: boolean): Promise<void> {
    this.#flush();
    this.#saveCursor();
    closeSync(this.#file);
    if (whole) removeCursor(this.#path);
  }

  #saveCursor(): void {
    this.#attempt(() => {
      fdatasyncSync(this.#file);
      writeCursor(this.#path, this.#cursor);
    });
    this.#lastCursor = performance.now();
  }

  #flush(): void {
    if (this.#waiting.length === 0) return;
    const bytes = this.#waiting.take();
    this.#attempt(() => {
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#file, bytes, done, bytes.length - done, this.#bytes + done);
    });
    this.#checksum = crc32(bytes, this.#checksum);
    this.#bytes += bytes.length;
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw new UserError(
        `${this.#path} cannot be written (${errorCode(error) ?? errorMessage(error)}); mend that and go on with --resume`,
        1,
      );
    }
  }
}

function open(path: string, flags: 'wx' | 'r+'): number {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST')
      throw new UserError(
        `${path} cannot be opened (${errorCode(error)}); check the path, its owner and its mode`,
      );
    const begun = existsSync(`${path}.cursor`) ? ': --resume goes on with it' : '';
    throw new UserError(`${path} is there already${begun}; nothing is overwritten, choose another name`);
  }
}

/** CRC-32 of the first bytes; undefined where there are fewer. */
function checksumOf(file: number, bytes: number): number | undefined {
  if (fstatSync(file).size < bytes) return undefined;
  const buffer = Buffer.alloc(1 << 20);
  let checksum = 0;
  for (let done = 0; done < bytes; ) {
    const read = readSync(file, buffer, 0, Math.min(buffer.length, bytes - done), done);
    if (read === 0) return undefined;
    checksum = crc32(buffer.subarray(0, read), checksum);
    done += read;
  }
  return checksum;
}

/** Standard output, at the pace of its reader. */
export class StreamOutput implements Output {
  readonly #waiting = new Waiting();

  write(data: string | Uint8Array): Promise<void> | undefined {
    this.#waiting.add(data);
    return this.#waiting.length >= CHUNK ? this.#flush() : undefined;
  }

  commit(): void {}

  async end(): Promise<void> {
    await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const bytes = this.#waiting.take();
    await new Promise<void>((resolve, reject) =>
      process.stdout.write(bytes, (error) => (error ? reject(error) : resolve())),
    );
  }
}

/** What waits to be written together. */
class Waiting {
  /** Characters of texts and bytes of bytes. */
  length = 0;
  #texts: string[] = [];
  #chunks: Uint8Array[] = [];

  add(data: string | Uint8Array): void {
    this.length += data.length;
    if (typeof data === 'string') this.#texts.push(data);
    else this.#chunks.push(data);
  }

  take(): Uint8Array {
    // An export is all text or all bytes.
    const bytes = this.#texts.length > 0 ? Buffer.from(this.#texts.join('')) : Buffer.concat(this.#chunks);
    this.#texts = [];
    this.#chunks = [];
    this.length = 0;
    return bytes;
  }
}
