import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Prefix } from '../../support/daemon.ts';
import type { Cleanup } from '../cleanup.ts';

const isRoot = process.getuid?.() === 0;
/** Of RFC 2544, for tests of networks. */
const NET = '198.18.0';

/**
 * A network in namespaces of its own: a hub and hosts, each with a cable to the hub that can be pulled. It is gone with the
 * processes that hold it. Root, or a user who may make user namespaces, can do this; throws for anybody else.
 */
export class Network {
  readonly hubAddress = `${NET}.1`;
  readonly #hub: ChildProcess;
  readonly #hosts: ChildProcess[] = [];
  readonly #cleanup: Cleanup;

  private constructor(hub: ChildProcess, cleanup: Cleanup) {
    this.#hub = hub;
    this.#cleanup = cleanup;
  }

  static async make(hosts: number, cleanup: Cleanup): Promise<Network> {
    const hub = await hold(isRoot ? ['unshare', '--net'] : ['unshare', '--map-root-user', '--net'], cleanup);
    const network = new Network(hub, cleanup);
    network.#ip(network.inHub(), 'link', 'set', 'lo', 'up');
    network.#ip(network.inHub(), 'link', 'add', 'bridge0', 'type', 'bridge');
    network.#ip(network.inHub(), 'address', 'add', `${NET}.1/24`, 'dev', 'bridge0');
    network.#ip(network.inHub(), 'link', 'set', 'bridge0', 'up');
    for (let number = 0; number < hosts; number++) await network.#addHost(number);
    return network;
  }

  /** What follows runs on the hub's side, and on that host. */
  inHub(): Prefix {
    return enter(this.#hub);
  }

  inHost(number: number): Prefix {
    return enter(this.#hosts[number]!);
  }

  /** Pulls the cable: nobody is told, what is sent is gone. */
  cut(number: number): void {
    this.#ip(this.inHub(), 'link', 'set', `cable${number}`, 'down');
  }

  heal(number: number): void {
    this.#ip(this.inHub(), 'link', 'set', `cable${number}`, 'up');
  }

  async #addHost(number: number): Promise<void> {
    const host = await hold([...this.inHub(), 'unshare', '--net'], this.#cleanup);
    this.#hosts.push(host);
    const cable = `cable${number}`;
    this.#ip(
      this.inHub(),
      'link',
      'add',
      cable,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      `${host.pid}`,
    );
    this.#ip(this.inHub(), 'link', 'set', cable, 'master', 'bridge0');
    this.#ip(this.inHub(), 'link', 'set', cable, 'up');
    this.#ip(this.inHost(number), 'address', 'add', `${NET}.${number + 2}/24`, 'dev', 'eth0');
    for (const device of ['lo', 'eth0']) this.#ip(this.inHost(number), 'link', 'set', device, 'up');
  }

  #ip(prefix: Prefix, ...args: readonly string[]): void {
    const [command, ...rest] = [...prefix, 'ip', ...args];
    const { status, stderr, error } = spawnSync(command!, rest, { encoding: 'utf8' });
    if (error || status !== 0) throw new Error(`ip ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
  }
}

/** A process that only holds a namespace; it has entered it when it speaks. */
async function hold(prefix: Prefix, cleanup: Cleanup): Promise<ChildProcess> {
  const [command, ...args] = [...prefix, 'sh', '-c', 'echo here; exec sleep infinity'];
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr!.on('data', (text) => {
    said += text;
  });
  cleanup.add(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`networks of one's own are not to be had here; run it as root: ${said.trim()}`);
  });
  await Promise.race([once(child.stdout!, 'data'), ended]);
  ended.catch(() => {});
  return child;
}

function enter({ pid }: ChildProcess): Prefix {
  const user = isRoot ? [] : ['--user', '--preserve-credentials'];
  return ['nsenter', `--target=${pid}`, ...user, '--net'];
}
