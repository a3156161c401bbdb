import { type DENIED, type Host, MISSING, type Space, type UNREADABLE } from '../../src/collect/host.ts';

type Failure = typeof MISSING | typeof DENIED | typeof UNREADABLE;

/** A process as its files in /proc; what is left out is an idle process of one thread. Counters as text: they may exceed 2^53. */
export interface FakeProcess {
  readonly pid: number;
  readonly ppid?: number;
  readonly comm?: string | Buffer;
  readonly state?: string;
  readonly flags?: number;
  readonly userTicks?: string | number;
  readonly threads?: number;
  readonly startTicks?: number;
  readonly rssPages?: number;
  readonly stack?: number;
  readonly executable?: string | Failure;
  readonly cmdline?: string | Buffer | Failure;
  readonly cgroup?: string;
  readonly uid?: number;
  readonly switches?: number;
  readonly io?: readonly [calls: string | number, read: string | number, written: string | number] | Failure;
  readonly files?: readonly string[] | Failure;
}

/** A /proc in memory whose files tests set, and that remembers what was read of it. */
export class ProcHost implements Host {
  readonly platform = 'linux';
  buffer: Buffer = Buffer.alloc(64);
  readonly files = new Map<string, Buffer | Failure>();
  readonly links = new Map<string, string | Failure>();
  readonly folders = new Map<string, readonly string[] | Failure>();
  /** Paths in the order in which they were read, listed or followed. */
  readonly asked: string[] = [];

  constructor() {
    this.write('/proc/sys/kernel/random/boot_id', '1f0c9e2a-7a51-4c1e-9d1e-0a5f3b7c9d10\n');
    this.write('/proc/stat', 'cpu  1 2 3 4\nctxt 5\nbtime 1700000000\nprocesses 9\n');
    this.write('/proc/meminfo', 'MemTotal:       1000000 kB\nMemFree:         10000 kB\n');
    this.write('/proc/self/mounts', 'proc /proc proc rw,relatime 0 0\n');
    const auxv = Buffer.alloc(48);
    auxv.writeBigUInt64LE(17n, 0);
    auxv.writeBigUInt64LE(100n, 8);
    auxv.writeBigUInt64LE(6n, 16);
    auxv.writeBigUInt64LE(16384n, 24);
    this.files.set('/proc/self/auxv', auxv);
    this.folders.set('/proc', ['stat', 'self']);
  }

  write(path: string, content: string | Buffer | Failure): void {
    this.files.set(path, typeof content === 'string' ? Buffer.from(content) : content);
  }

  /** Adds the process, or makes the one of that pid what is said here. */
  put(process: FakeProcess): void {
    const folder = `/proc/${process.pid}`;
    this.remove(process.pid);
    this.folders.set('/proc', [...(this.#names() as readonly string[]), String(process.pid)]);
    this.write(`${folder}/stat`, statOf(process));
    const uid = process.uid ?? 1000;
    const switches = process.switches ?? 7;
    this.write(
      `${folder}/status`,
      `Name:\tx\nUid:\t1\t${uid}\t1\t1\nGid:\t2\t${uid + 1}\t2\t2\nvoluntary_ctxt_switches:\t${switches}\nnonvoluntary_ctxt_switches:\t3\n`,
    );
    const [calls, read, written] = Array.isArray(process.io) ? process.io : [0, 0, 0];
    const io = `rchar: 1\nwchar: 2\nsyscr: ${calls}\nsyscw: 0\nread_bytes: ${read}\nwrite_bytes: ${written}\ncancelled_write_bytes: 0\n`;
    this.write(`${folder}/io`, typeof process.io === 'number' ? process.io : io);
    this.write(`${folder}/cmdline`, process.cmdline ?? '/bin/idle\0--quiet\0');
    this.write(`${folder}/cgroup`, process.cgroup ?? '0::/system.slice/idle.service\n');
    this.links.set(`${folder}/exe`, process.executable ?? '/bin/idle');
    this.folders.set(`${folder}/fd`, process.files ?? ['0', '1', '2']);
  }

  remove(pid: number): void {
    this.folders.set(
      '/proc',
      (this.#names() as readonly string[]).filter((name) => name !== String(pid)),
    );
    for (const map of [this.files, this.links, this.folders]) {
      for (const path of map.keys()) if (path.startsWith(`/proc/${pid}/`)) map.delete(path);
    }
  }

  #names(): readonly string[] | Failure {
    return this.folders.get('/proc') ?? [];
  }

  read(path: string): number {
    this.asked.push(path);
    const content = this.files.get(path) ?? MISSING;
    if (typeof content === 'number') return content;
    if (this.buffer.length <= content.length) this.buffer = Buffer.alloc(content.length + 1);
    content.copy(this.buffer);
    this.buffer[content.length] = 0;
    return content.length;
  }

  list(path: string): readonly string[] | Failure {
    this.asked.push(path);
    return this.folders.get(path) ?? MISSING;
  }

  link(path: string): string | Failure {
    this.asked.push(path);
    return this.links.get(path) ?? MISSING;
  }

  space(path: string): Promise<Space> {
    return Promise.reject(new Error(`no file system at ${path}`));
  }
}

/** Fields in the order of proc_pid_stat(5). */
function statOf(process: FakeProcess): Buffer {
  const comm = process.comm ?? 'idle';
  const numbers = [
    ...[process.ppid ?? 1, 5, 5, 0, -1, process.flags ?? 0x400000, 11, 0, 13, 0],
    ...[process.userTicks ?? 0, 0, 0, 0, 20, 0, process.threads ?? 1, 0, process.startTicks ?? 4200],
    ...[8192, process.rssPages ?? 100, '18446744073709551615', 1, 1, process.stack ?? 140720000000000, 0, 0],
  ];
  return Buffer.concat([
    Buffer.from(`${process.pid} (`),
    typeof comm === 'string' ? Buffer.from(comm) : comm,
    Buffer.from(`) ${process.state ?? 'S'} ${numbers.join(' ')}\n`),
  ]);
}
