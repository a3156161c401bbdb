import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How a command ended in there, and what it said on both outputs. */
export interface Said {
  readonly code: number | null;
  readonly said: string;
}

/**
 * A machine of its own that systemd runs as process 1: a container of systemd-nspawn with this machine's programs (/usr, read-only) and
 * nothing else of it, without a network. It ends with the test.
 */
export class SystemdMachine {
  /** Its root, as seen from here. */
  readonly root: string;
  readonly #leader: number;

  private constructor(root: string, leader: number) {
    this.root = root;
    this.#leader = leader;
  }

  /** Throws for anybody but root, and where systemd-nspawn is not there. */
  static async boot(t: TestContext): Promise<SystemdMachine> {
    if (process.getuid?.() !== 0)
      throw new Error('a container of systemd can be started by root alone: run this test as root');
    const build = spawnSync(process.execPath, [join(ROOT, 'bin', 'build.mjs')], { encoding: 'utf8' });
    if (build.status !== 0) throw new Error(build.stderr);
    const folder = mkdtempSync(join(tmpdir(), 'homeostat-machine-'));
    const root = join(folder, 'root');
    furnish(root);
    mkdirSync(join(folder, 'local'));
    const container = spawn(
      'systemd-nspawn',
      [
        ...['--directory', root, '--boot', '--quiet', '--register=no', '--keep-unit', '--private-network'],
        ...[
          '--machine',
          `homeostat-test-${process.pid}`,
          '--link-journal=no',
          '--resolv-conf=off',
          '--timezone=off',
        ],
        ...['--bind-ro=/usr', `--bind=${join(folder, 'local')}:/usr/local`],
        ...[`--bind-ro=${ROOT}:/mnt/homeostat`, `--bind-ro=${process.execPath}:/mnt/node`],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    for (const stream of [container.stdout, container.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    t.after(async () => {
      await end(container);
      rmSync(folder, { recursive: true, force: true });
    });
    for (
      let until = Date.now() + 60_000;
      Date.now() < until && container.exitCode === null;
      await sleep(200)
    ) {
      const leader = await firstChild(container.pid!);
      if (leader === undefined) continue;
      const machine = new SystemdMachine(root, leader);
      if (/^(running|degraded)$/m.test((await machine.run('systemctl', 'is-system-running')).said))
        return machine;
    }
    throw new Error(
      `systemd did not start in a container (apt-get install systemd systemd-container): ${said}`,
    );
  }

  /** Runs a program in there, as its root, to its end, which must come within two minutes. */
  async run(...command: readonly string[]): Promise<Said> {
    const environment = ['PATH=/usr/sbin:/usr/bin', 'HOME=/root', 'LANG=C.UTF-8', 'COLUMNS=80'];
    const child = spawn(
      'nsenter',
      [`--target=${this.#leader}`, '--all', 'env', '-i', ...environment, ...command],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 120_000,
      },
    );
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, said }));
    });
  }

  /** Runs Homeostat's command line from the clone. */
  homeostat(...args: readonly string[]): Promise<Said> {
    return this.run(
      '/mnt/node',
      '--disable-warning=ExperimentalWarning',
      '/mnt/homeostat/dist/homeostat.js',
      ...args,
    );
  }

  /** One property of a unit. */
  async property(unit: string, name: string): Promise<string> {
    return (await this.run('systemctl', 'show', unit, '--property', name, '--value')).said.trim();
  }

  /** Asks until the answer is as wanted, half a minute at most. */
  async until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean, what: string): Promise<T> {
    for (let end = Date.now() + 30_000; ; await sleep(200)) {
      const answer = await ask();
      if (wanted(answer)) return answer;
      if (Date.now() > end) throw new Error(`${what} did not come: ${JSON.stringify(answer)}`);
    }
  }
}

/** The folders that systemd wants; it makes the rest from /usr at its first start. */
function furnish(root: string): void {
  for (const name of [
    'etc/systemd/system',
    'usr',
    'var',
    'proc',
    'sys',
    'dev',
    'run',
    'tmp',
    'root',
    'home',
    'mnt/homeostat',
  ])
    mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'mnt', 'node'), '');
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    const stat = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) symlinkSync(`usr/${name}`, join(root, name));
  }
  copyFileSync('/usr/lib/os-release', join(root, 'etc', 'os-release'));
  // A machine with an id is not asked for its language and time zone.
  writeFileSync(join(root, 'etc', 'machine-id'), `${randomBytes(16).toString('hex')}\n`);
  for (const unit of ['console-getty.service', 'systemd-resolved.service', 'systemd-networkd.service'])
    symlinkSync('/dev/null', join(root, 'etc', 'systemd', 'system', unit));
}

async function firstChild(pid: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const child = Number(children.trim().split(' ')[0]);
  return child > 0 ? child : undefined;
}

/** As a power button: what runs in there is ended in order. */
async function end(container: ChildProcess): Promise<void> {
  if (container.exitCode !== null || container.signalCode !== null) return;
  const ended = new Promise((resolve) => container.once('close', resolve));
  container.kill('SIGTERM');
  const overdue = setTimeout(() => container.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(overdue);
}
