import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Bus, type BusOptions } from '../../src/bus/server.ts';
import { Authority } from '../../src/identity/authority.ts';
import { systemClock as clock } from '../../src/lib/clock.ts';
import { TlsCredentials } from '../../src/lib/tls-credentials.ts';
import { EVENT_CLASSES } from '../../src/model/publish.ts';
import { Log } from '../../src/wal/log.ts';
import { type KeptRecord, LogReader } from '../../src/wal/log-reader.ts';
import { Outbox } from '../../src/wal/outbox.ts';
import { ownFolder } from './daemon.ts';

/** An agent's outbox in a folder of its own. */
export function ownOutbox(t: TestContext, maxBytes: number): Outbox {
  const path = join(ownFolder(t), 'outbox.db');
  return new Outbox({
    path,
    clock,
    maxBytes,
    classes: EVENT_CLASSES,
    kind: 'homeostat.v1.Event',
    source: 'host',
  });
}

/** A hub's bus and log in this process, which can go and come back on the same port; and a folder of a host that is enrolled with it. */
export class LoopbackHub {
  /** What enrolment leaves: host.key, host.pem, ca.pem, hub.json. */
  readonly credentials: string;
  readonly #log: string;
  readonly #authority: Authority;
  #port = 0;
  #stop: () => Promise<void> = async () => {};

  private constructor(folder: string, authority: Authority) {
    this.credentials = join(folder, 'identity');
    this.#log = join(folder, 'hub.db');
    this.#authority = authority;
  }

  static async start(t: TestContext, wrap?: (log: Log) => BusOptions['log']): Promise<LoopbackHub> {
    const folder = ownFolder(t);
    const authority = await Authority.open(join(folder, 'authority'), clock);
    const hub = new LoopbackHub(folder, authority);
    t.after(() => hub.stop());
    await hub.start(wrap);
    await hub.enrol('host');
    return hub;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** `wrap` stands between the bus and its log. */
  async start(wrap: (log: Log) => BusOptions['log'] = (log) => log): Promise<void> {
    const log = new Log({ path: this.#log, clock });
    const server = await this.#authority.server();
    const bus = new Bus({
      ...{ log: wrap(log), clock, host: '127.0.0.1', port: this.#port, refusal: () => undefined },
      credentials: new TlsCredentials({ ...server, clientAuthorities: this.#authority.certificate }),
    });
    this.#port = await bus.listen();
    this.#stop = async () => {
      await bus.close(50);
      log.close();
    };
  }

  async stop(): Promise<void> {
    const stop = this.#stop;
    this.#stop = async () => {};
    await stop();
  }

  /** The hub's log is gone: it begins anew. To be called while it is stopped. */
  forget(): void {
    for (const end of ['', '-wal', '-shm']) rmSync(`${this.#log}${end}`, { force: true });
  }

  /** New credentials in the host's folder. */
  async enrol(name: string): Promise<void> {
    const { key, certificate } = await this.#authority.issueClient(name, 1);
    mkdirSync(this.credentials, { recursive: true, mode: 0o700 });
    const write = (file: string, text: string): void =>
      writeFileSync(join(this.credentials, file), text, { mode: 0o600 });
    write('host.key', key);
    write('host.pem', certificate);
    write('ca.pem', this.#authority.certificate);
    write('hub.json', JSON.stringify({ address: this.address, name }));
  }

  /** What the hub's log holds. */
  records(): readonly KeptRecord[] {
    const reader = new LogReader(this.#log);
    try {
      return [...reader.records()];
    } finally {
      reader.close();
    }
  }
}
