import { spawnSync } from 'node:child_process';
import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Counts, count, isWhole } from './count.ts';
import { DiskModel } from './disk-model.ts';

const CHILD = fileURLToPath(new URL('log.child.ts', import.meta.url));

export interface LostPages {
  readonly counts: Counts;
  /** Commits that were refused, and failed calls of fsync by file. */
  readonly refused: number;
  readonly failed: Readonly<Record<string, number>>;
  /** Power losses that were looked at, and those after which something was wrong. */
  readonly powerLosses: number;
  readonly wrong: number;
}

/**
 * A log on a disk where every `every`th fsync fails and loses what it was to write, for good. After each so many answers the
 * power is lost, and what was acknowledged until then is looked up.
 */
export async function lostPages(
  folder: string,
  { commits = 600, every = 5, lookEvery = 50 } = {},
): Promise<LostPages> {
  const own = mkdtempSync(join(folder, 'lost-pages-'));
  const path = join(own, 'wal.db');
  const trace = join(own, 'trace');
  // The first calls make the file: they are let through.
  const { error, stderr, status, signal } = spawnSync('strace', [
    ...['-f', '--seccomp-bpf', '-y', '-xx', '-s', '100000', '-o', trace],
    ...['-e', 'trace=pwrite64,write,fsync,fdatasync'],
    ...['-e', `inject=fsync,fdatasync:error=EIO:when=30+${every}`],
    ...[process.execPath, '--disable-warning=ExperimentalWarning', CHILD, path, String(commits)],
  ]);
  if (error)
    throw new Error(`strace could not be run (${error.message}); install it: apt-get install strace`);
  if (signal !== 'SIGKILL' && status !== 137)
    throw new Error(`the log's process ended with ${status ?? signal}: ${stderr.toString().slice(-500)}`);
  const disk = new DiskModel();
  const acknowledged: string[] = [];
  const image = join(own, 'image');
  let refused = 0;
  let powerLosses = 0;
  let wrong = 0;
  let answers = 0;
  let counts: Counts | undefined;
  const look = (): void => {
    for (const lucky of [false, true]) {
      rmSync(image, { recursive: true, force: true });
      mkdirSync(image);
      for (const end of ['', '-wal'])
        writeFileSync(join(image, `wal.db${end}`), disk.read(path + end, lucky));
      counts = count(join(image, 'wal.db'), acknowledged);
      powerLosses++;
      if (!isWhole(counts)) wrong++;
    }
  };
  for await (const line of createInterface({ input: createReadStream(trace) })) {
    const said = disk.take(line)?.trim();
    if (said === undefined) continue;
    if (said === 'failed') refused++;
    const [, from, to] = /^kept (\d+) (\d+)$/.exec(said) ?? [];
    for (let at = Number(from); at < Number(to); at++) acknowledged.push(`event-${at}`);
    if (++answers % lookEvery === 0) look();
  }
  look();
  rmSync(own, { recursive: true });
  return { counts: counts!, refused, failed: disk.failed, powerLosses, wrong };
}
