import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Authority } from '../../src/identity/authority.ts';
import { writeHostIdentity } from '../../src/identity/host-identity.ts';
import { Registry } from '../../src/identity/registry.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Prefix } from './daemon.ts';

const HOMEOSTAT = fileURLToPath(new URL('../../bin/homeostat.mjs', import.meta.url));

export interface HubOptions {
  readonly args?: readonly string[];
  /** 0 takes any free one. */
  readonly busPort?: number;
  readonly prefix?: Prefix;
}

/** A real `homeostat hub` of its own process. */
export class HubProcess {
  readonly address: string;
  readonly figures: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, address: string, figures: string) {
    this.#child = child;
    this.address = address;
    this.figures = figures;
  }

  /** Starts one with this data folder on a free port; resolves when it takes events. */
  static async start(
    data: string,
    { args = [], busPort = 0, prefix = [] }: HubOptions = {},
  ): Promise<HubProcess> {
    const ports = ['--bus-port', String(busPort), '--enroll-port', '0', '--port', '0'];
    const [command, ...rest] = [
      ...prefix,
      process.execPath,
      HOMEOSTAT,
      'hub',
      '--data',
      data,
      ...ports,
      ...args,
    ];
    const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', () => said.includes('Clients') && resolve());
      child.once('exit', (code) => reject(new Error(`the hub ended with ${code}: ${said}`)));
    });
    const address = /takes events on (\S+)/.exec(said)![1]!;
    return new HubProcess(child, address, /Figures\s+(\S+)\/metrics/.exec(said)![1]!);
  }

  get port(): number {
    return Number(this.address.split(':').at(-1));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }
}

export const logOf = (data: string): string => join(data, 'hub', 'wal.db');

/** Enrols hosts with the hub of the data folder `hubData`; `folder` gets the files of each as `hub issue` would name them. */
export async function enrolHosts(hubData: string, folder: string, names: readonly string[]): Promise<void> {
  const identity = join(hubData, 'hub', 'identity');
  const authority = await Authority.open(identity, systemClock);
  const registry = new Registry(identity, systemClock);
  writeFileSync(join(folder, 'ca.pem'), authority.certificate);
  for (const name of names) {
    const { key, certificate, facts } = await authority.issueClient(name, 1);
    registry.enrol(registry.createToken(60_000).secret, name, facts);
    writeFileSync(join(folder, `${name}.key`), key, { mode: 0o600 });
    writeFileSync(join(folder, `${name}.pem`), certificate);
  }
}

/** Makes `data` the data folder of a host that is enrolled as `name` with the hub of the data folder `hubData`. */
export async function enrol(data: string, hubData: string, name: string, address: string): Promise<void> {
  const identity = join(hubData, 'hub', 'identity');
  const authority = await Authority.open(identity, systemClock);
  const { key, certificate, facts } = await authority.issueClient(name, 1);
  const registry = new Registry(identity, systemClock);
  registry.enrol(registry.createToken(60_000).secret, name, facts);
  writeHostIdentity(join(data, 'identity'), {
    ...{ name, address, enrolment: address, token: '' },
    ...{ key, certificate, authorities: authority.certificate },
  });
}
