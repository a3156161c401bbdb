import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const MADV_DONTNEED = 4;

/** A mapping of a file that this process has only read: the kernel can drop its pages and read them again when needed. */
interface CleanMapping {
  readonly address: bigint;
  readonly length: bigint;
}

/**
 * Gives the clean pages of the runtime's own binary, most of which are used only while it starts, back to the kernel,
 * and free heap to it as well. What is needed again comes back from the page cache. Linux only; elsewhere, or where the
 * foreign function library cannot be loaded, it does nothing.
 *
 * Returns how many bytes it offered, or undefined where it could not.
 */
export function giveBackPages(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    // Loaded here and not at the top: nothing else in the daemon needs it.
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const libc = koffi.load(null);
    const madvise = libc.func('int madvise(uintptr_t address, size_t length, int advice)');
    let offered = 0;
    for (const { address, length } of cleanMappings(readFileSync('/proc/self/smaps', 'latin1'))) {
      if (madvise(address, length, MADV_DONTNEED) === 0) offered += Number(length);
    }
    trimHeap(libc);
    return offered;
  } catch {
    return undefined;
  }
}

/** How often the daemon's memory is looked at, ms. */
const LOOK_MS = 5 * 60_000;
/** So much more than after the last time is worth the page faults that follow, bytes. */
const WORTH = 10 * 2 ** 20;

/** Gives pages back whenever a dashboard, an export or a training has left many behind. Keeps no process alive. */
export function keepGivingBack(): void {
  let least: number | undefined;
  setInterval(() => {
    if (least !== undefined && process.memoryUsage.rss() < least + WORTH) return;
    giveBackPages();
    // What is needed again soon comes back first.
    setTimeout(() => {
      least = process.memoryUsage.rss();
    }, 10_000).unref();
  }, LOOK_MS).unref();
}

/** glibc keeps freed memory; musl has no such call and needs none. */
function trimHeap(libc: { func(prototype: string): (padding: number) => unknown }): void {
  try {
    libc.func('int malloc_trim(size_t padding)')(0);
  } catch {
    // Another C library.
  }
}

/**
 * Mappings of files that are not writable and hold no private copy of a page (`Anonymous` is 0; `Private_Dirty` says nothing here, it also
 * counts the cache of a file that was just installed and is not on the disk yet):
 * dropping a private copy would bring back the file's bytes and lose, say, relocations.
 */
export function cleanMappings(smaps: string): CleanMapping[] {
  const found: CleanMapping[] = [];
  for (const block of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (r-[x-]p) [0-9a-f]+ \S+ [1-9]\d* +\//.exec(block);
    if (!head || !/^Anonymous: +0 kB$/m.test(block)) continue;
    const address = BigInt(`0x${head[1]}`);
    found.push({ address, length: BigInt(`0x${head[2]}`) - address });
  }
  return found;
}
