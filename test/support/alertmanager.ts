import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './prometheus.ts';

/** An alert as the Alertmanager's API shows it. */
export interface ShownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
  readonly status: { readonly state: string };
}

/** Debian's `prometheus-alertmanager`, with a folder of its own and a free port; it ends with the test. */
export class Alertmanager {
  readonly address: string;

  private constructor(address: string) {
    this.address = address;
  }

  static async start(t: TestContext, folder: string): Promise<Alertmanager> {
    const file = join(folder, 'alertmanager.yml');
    writeFileSync(file, 'route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n');
    const at = `127.0.0.1:${await freePort()}`;
    const args = [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=${at}`,
      '--cluster.listen-address=',
    ];
    const child = spawn('prometheus-alertmanager', args, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => resolve());
    });
    t.after(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const started = new Alertmanager(`http://${at}`);
    for (let end = Date.now() + 30_000; Date.now() < end && child.exitCode === null; await sleep(50))
      if (await started.#answers()) return started;
    throw new Error(`prometheus-alertmanager did not start: ${said}`);
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.address}/-/ready`)).ok;
    } catch {
      return false;
    }
  }

  /** Those that are active. */
  async alerts(): Promise<ShownAlert[]> {
    return (await (await fetch(`${this.address}/api/v2/alerts`)).json()) as ShownAlert[];
  }
}
