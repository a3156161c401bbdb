import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a query gave for one series: seconds since the epoch and the value. */
export interface Sampled {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [at: number, value: number])[];
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
}

/** Debian's `prometheus` or `victoria-metrics`, with a folder of its own and a free port; both answer PromQL. */
export class Scraper {
  readonly address: string;

  private constructor(address: string) {
    this.address = address;
  }

  /** Starts one that scrapes what `config` (prometheus.yml) says; it ends with the test. */
  static async start(
    t: TestContext,
    folder: string,
    program: 'prometheus' | 'victoria-metrics',
    config: string,
  ): Promise<Scraper> {
    const file = join(folder, `${program}.yml`);
    writeFileSync(file, config);
    const at = `127.0.0.1:${await freePort()}`;
    const data = join(folder, `${program}-data`);
    const args =
      program === 'prometheus'
        ? [`--config.file=${file}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${at}`]
        : [`-promscrape.config=${file}`, `-storageDataPath=${data}`, `-httpListenAddr=${at}`];
    if (program === 'victoria-metrics') args.push('-search.latencyOffset=1s');
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
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
    const scraper = new Scraper(`http://${at}`);
    for (let end = Date.now() + 30_000; Date.now() < end && child.exitCode === null; await sleep(100))
      if (await scraper.#answers()) return scraper;
    throw new Error(`${program} did not start: ${said}`);
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.address}/api/v1/query?query=1`)).ok;
    } catch {
      return false;
    }
  }

  /** What an instant query gives; throws where PromQL does not understand it. */
  async query(query: string): Promise<Sampled[]> {
    const response = await fetch(`${this.address}/api/v1/query?${new URLSearchParams({ query })}`);
    const answer = (await response.json()) as Answer;
    if (answer.status !== 'success') throw new Error(`${query}: ${answer.error}`);
    return answer.data.result.map(({ metric, value, values }) => ({
      metric,
      values: (values ?? [value!]).map(([at, text]) => [at, Number(text)] as const),
    }));
  }

  /** Asks until an answer is as wanted, half a minute at most. */
  async until(query: string, wanted: (found: readonly Sampled[]) => boolean): Promise<Sampled[]> {
    for (let end = Date.now() + 30_000; ; await sleep(200)) {
      const found = await this.query(query);
      if (wanted(found)) return found;
      if (Date.now() > end) throw new Error(`${query} is ${JSON.stringify(found)}`);
    }
  }
}

/** What `promtool check metrics` says of a page: nothing, where all is well. */
export function promtool(page: string): string {
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: page,
    encoding: 'utf8',
  });
  if (error) throw error;
  return `${stdout}${stderr}${status === 0 ? '' : `exit code ${status}`}`;
}

/** A port of loopback that nobody has now. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
