import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Cleanup } from '../cleanup.ts';

const CHILD = fileURLToPath(new URL('client.child.ts', import.meta.url));
const DRAIN_MS = 30_000;

/** What a client does: `batch` events each `everyMs`, with a clock that is ahead by `skewMs`. */
export interface ClientPlan {
  readonly name: string;
  readonly address: string;
  /** What `homeostat hub issue NAME` made is there, and the name that it was made for. */
  readonly folder: string;
  readonly certificate: string;
  readonly batch: number;
  readonly everyMs: number;
  readonly skewMs: number;
}

/** A client in a process of its own; `prefix` stands before its command line. */
export class Client {
  readonly name: string;
  readonly acknowledged = new Set<string>();
  sent = 0;
  refused = 0;
  readonly #child: ChildProcess;
  #drained = false;

  constructor(plan: ClientPlan, cleanup: Cleanup, prefix: readonly string[] = []) {
    this.name = plan.name;
    const node = [process.execPath, '--disable-warning=ExperimentalWarning', CHILD, JSON.stringify(plan)];
    const [command, ...args] = [...prefix, ...node];
    this.#child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin!.on('error', () => {});
    cleanup.add(() => this.kill());
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#take(line));
  }

  /** Makes no more events and waits until each has its answer. Throws where that takes too long. */
  async drain(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.stdin!.write('stop\n');
    const overdue = setTimeout(() => void this.kill(), DRAIN_MS);
    await closed;
    clearTimeout(overdue);
    if (!this.#drained) throw new Error(`${this.name} still had events without an answer`);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #take(line: string): void {
    const [word, first, second] = line.split(' ');
    if (word === 'sent') this.sent = Number(first);
    else if (word === 'refused') this.refused++;
    else if (word === 'drained') this.#drained = true;
    else for (let at = Number(first); at < Number(second); at++) this.acknowledged.add(`${this.name}-${at}`);
  }
}
