import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, findRunning } from '../../src/cli/client.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';
import type { Status } from '../../src/model/status.ts';
import type { Cleanup } from './cleanup.ts';

const HOMEOSTAT = new URL('../../bin/homeostat.mjs', import.meta.url).pathname;

/** A real Homeostat with a data folder of its own. */
export class Daemon {
  readonly folder: string;
  readonly #client: Client;

  private constructor(folder: string, client: Client) {
    this.folder = folder;
    this.#client = client;
  }

  /** Starts it on any free port; throws with its own words where it does not come up within a minute. */
  static async start(options: readonly string[], cleanup: Cleanup): Promise<Daemon> {
    const folder = mkdtempSync(join(tmpdir(), 'homeostat-faults-'));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
    const child = spawn(process.execPath, [HOMEOSTAT, 'up', '--data', folder, '--port', '0', ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => {
        said = (said + text.toString()).slice(-4000);
      });
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    cleanup.add(async () => {
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(5000)]);
      child.kill('SIGKILL');
    });
    for (let tries = 0; tries < 300; tries++) {
      const client = findRunning(folder);
      if (client) return new Daemon(folder, client);
      if (child.exitCode !== null) break;
      await sleep(200);
    }
    throw new Error(`homeostat did not start: ${said.trim() || 'it said nothing'}`);
  }

  status(): Promise<Status> {
    return this.#client.get<Status>('status');
  }

  /** Latest state of all anomalies that lasted past `from`. */
  async anomalies(from: number): Promise<readonly Anomaly[]> {
    const { anomalies } = await this.#client.get<{ anomalies: readonly Anomaly[] }>('anomalies', { from });
    return anomalies;
  }

  /** Waits for the first model; `tell` hears how far it is. */
  async learned(timeoutMs: number, tell: (line: string) => void): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (Date.now() < end) {
      const { learning } = await this.status();
      if (learning.model) return;
      const needed = learning.neededMs === undefined ? '' : ` of ${Math.round(learning.neededMs / 1000)} s`;
      const step = learning.training ? `, ${learning.training.step}` : '';
      tell(
        `learning: ${Math.round(learning.seenMs / 1000)}${needed} seen${step}${learning.problem ? `, ${learning.problem}` : ''}`,
      );
      await sleep(5000);
    }
    throw new Error(`nothing was learned within ${Math.round(timeoutMs / 1000)} s; ${this.#lastLog()}`);
  }

  #lastLog(): string {
    try {
      return readFileSync(join(this.folder, 'daemon.log'), 'utf8').trim().split('\n').slice(-3).join('\n');
    } catch {
      return 'there is no daemon.log';
    }
  }
}
