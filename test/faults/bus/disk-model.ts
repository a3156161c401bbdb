/**
 * What is on a disk whose kernel forgets what a failed fsync did not write: the worst of what is known of Linux ("fsyncgate": the
 * pages are marked clean, and the next fsync says that all is well). Made from the system calls that strace wrote down.
 */
export class DiskModel {
  readonly #disk = new Map<string, Buffer>();
  readonly #waiting = new Map<string, { readonly at: number; readonly bytes: Buffer }[]>();
  /** Calls of fsync that failed, by the file's name. */
  readonly failed: Record<string, number> = {};

  /** The beginnings of calls during which another thread's call was written down, by thread. */
  readonly #unfinished = new Map<string, string>();

  /** One line of `strace -y -xx`; what was written to standard output, where it is that. */
  take(line: string): string | undefined {
    const call = CALL.exec(this.#whole(line));
    if (!call) return undefined;
    const { name, fd, path: written, rest } = call.groups as Record<'name' | 'fd' | 'path' | 'rest', string>;
    if (name === 'write') return fd === '1' ? bytesOf(TEXT.exec(rest)![1]!).toString() : undefined;
    const path = bytesOf(written).toString();
    if (name === 'pwrite64') {
      const [, text, count, at] = PWRITE.exec(rest)!;
      const bytes = bytesOf(text!);
      if (bytes.length !== Number(count)) throw new Error(`strace cut a write of ${count} bytes`);
      this.#waitingOf(path).push({ at: Number(at), bytes });
    } else if (/= 0\b/.test(rest)) this.#write(path, this.#waiting.get(path) ?? []);
    else this.failed[nameOf(path)] = (this.failed[nameOf(path)] ?? 0) + 1;
    // Written, or never to be written.
    if (name !== 'pwrite64') this.#waiting.delete(path);
    return undefined;
  }

  /** The file as it is after a power loss now; `lucky` where what waited was written in time. */
  read(path: string, lucky: boolean): Buffer {
    const disk = Buffer.from(this.#disk.get(path) ?? Buffer.alloc(0));
    return lucky ? apply(disk, this.#waiting.get(path) ?? []) : disk;
  }

  #whole(line: string): string {
    const [, begun] = /^(.*) <unfinished \.\.\.>$/.exec(line) ?? [];
    const [thread] = line.split(' ', 1) as [string];
    if (begun !== undefined) this.#unfinished.set(thread, begun);
    const [, end] = /^\d+\s+<\.\.\. \w+ resumed>(.*)$/.exec(line) ?? [];
    return end === undefined ? (begun === undefined ? line : '') : `${this.#unfinished.get(thread)}${end}`;
  }

  #waitingOf(path: string) {
    const known = this.#waiting.get(path);
    if (known) return known;
    const made: { at: number; bytes: Buffer }[] = [];
    this.#waiting.set(path, made);
    return made;
  }

  #write(path: string, writes: readonly { readonly at: number; readonly bytes: Buffer }[]): void {
    this.#disk.set(path, apply(this.#disk.get(path) ?? Buffer.alloc(0), writes));
  }
}

const CALL = /^\d+\s+(?<name>pwrite64|write|fsync|fdatasync)\((?<fd>\d+)(?:<(?<path>[^>]*)>)?(?<rest>.*)$/;
const TEXT = /"([^"]*)"/;
const PWRITE = /"([^"]*)", (\d+), (\d+)\)\s+= \d+/;

const nameOf = (path: string): string => path.split('/').at(-1)!;

/** `\x2f` and the like; what is not written so stands for itself. */
function bytesOf(text: string): Buffer {
  if (!text.includes('\\x')) return Buffer.from(text);
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}

function apply(file: Buffer, writes: readonly { readonly at: number; readonly bytes: Buffer }[]): Buffer {
  const size = Math.max(file.length, ...writes.map(({ at, bytes }) => at + bytes.length));
  const grown = size > file.length ? Buffer.concat([file, Buffer.alloc(size - file.length)]) : file;
  for (const { at, bytes } of writes) bytes.copy(grown, at);
  return grown;
}
