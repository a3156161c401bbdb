import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, type Prefix } from '../../support/daemon.ts';
import type { Cleanup } from '../cleanup.ts';
import { keysIn } from './keys.ts';

/** A real `homeostat agent` that looks at its machine each second, and the folder that outlives it. */
export class Agent {
  readonly name: string;
  readonly #folder: string;
  readonly #prefix: Prefix;
  readonly #cleanup: Cleanup;
  #daemon: Daemon | undefined;

  /** `folder` holds `data`, which is enrolled. */
  constructor(name: string, folder: string, prefix: Prefix, cleanup: Cleanup) {
    this.name = name;
    this.#folder = folder;
    this.#prefix = prefix;
    this.#cleanup = cleanup;
    mkdirSync(join(folder, 'home'));
    writeFileSync(join(folder, 'homeostat.yaml'), 'publish:\n  metrics_interval: 1s\n');
  }

  async start(): Promise<void> {
    const config = join(this.#folder, 'homeostat.yaml');
    this.#daemon = await Daemon.start(
      { after: (undo) => this.#cleanup.add(async () => void (await undo())) },
      this.#folder,
      {
        ...{ command: 'agent', prefix: this.#prefix },
        args: ['--config', config, '--processes-interval', '1s'],
      },
    );
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    await this.#daemon?.end(signal);
  }

  /** What it keeps because nobody has acknowledged it. */
  outbox(): string[] {
    return [...keysIn(join(this.#folder, 'data', 'publish', 'wal.db'))];
  }
}
