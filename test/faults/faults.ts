import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Anomaly } from '../../src/model/anomaly.ts';
import type { Actor, Stage } from './stage.ts';

/** What a fault is made of: the processes that are to blame, and how it begins. */
export interface Scene {
  readonly guilty: () => readonly Actor[];
  begin(): void | Promise<void>;
  end(): Promise<void>;
}

export interface Fault {
  readonly name: string;
  readonly what: string;
  /** Where it may show: what is raised of another kind meanwhile was not called for. */
  readonly kinds: readonly Anomaly['kind'][];
  /** How long it may last before it counts as missed. */
  readonly seconds: number;
  /** Called before the learning begins: what is ordinary before it fails is learned as such. */
  set(stage: Stage, settings: FaultSettings): Promise<Scene>;
}

export interface FaultSettings {
  readonly leakMegabytesAMinute: number;
}

/** A fault whose processes appear with it. */
function sudden(start: () => Promise<readonly Actor[]> | readonly Actor[]): Scene {
  let actors: readonly Actor[] = [];
  return {
    guilty: () => actors,
    async begin() {
      actors = await start();
    },
    async end() {
      for (const actor of actors.toReversed()) await actor.end();
    },
  };
}

/** A service that is there all the time and fails at a signal. */
function failing(service: Actor, fail: () => void, others: readonly Actor[] = []): Scene {
  return {
    guilty: () => [service],
    begin: fail,
    async end() {
      for (const actor of [service, ...others]) await actor.end();
    },
  };
}

/** In the order in which they are made: what is quick to pass first. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'freeze',
    what: 'a service is stopped (SIGSTOP)',
    kinds: ['process'],
    seconds: 90,
    async set(stage) {
      const service = stage.run('service');
      return failing(service, () => service.signal('SIGSTOP'));
    },
  },
  {
    name: 'stuck-pipe',
    what: 'a service waits on a full pipe',
    kinds: ['process'],
    seconds: 120,
    async set(stage) {
      const pipe = stage.pipe();
      const reader = stage.run('pipe-reader', pipe);
      const writer = stage.run('pipe-writer', pipe);
      return failing(writer, () => reader.signal('SIGUSR2'), [reader]);
    },
  },
  {
    name: 'burn-core',
    what: 'a process burns one core',
    kinds: ['machine'],
    seconds: 90,
    set: async (stage) => sudden(() => [stage.run('burn')]),
  },
  {
    name: 'burn-all',
    what: 'a miner burns all cores',
    kinds: ['machine'],
    seconds: 90,
    set: async (stage) => sudden(() => [stage.run('burn', availableParallelism())]),
  },
  {
    name: 'leak',
    what: 'a process leaks memory',
    kinds: ['machine', 'process'],
    seconds: 600,
    set: async (stage, { leakMegabytesAMinute }) =>
      sudden(() => [stage.run('leak', leakMegabytesAMinute, 10 * leakMegabytesAMinute)]),
  },
  {
    name: 'fork-storm',
    what: 'a process starts 300 children a second',
    kinds: ['machine'],
    seconds: 60,
    set: async (stage) => sudden(() => [stage.run('forks', 300)]),
  },
  {
    name: 'disk-full',
    what: 'a disk fills',
    kinds: ['machine'],
    seconds: 90,
    async set(stage) {
      const dump = join(stage.disk(600).folder, 'dump');
      const scene = sudden(() => [stage.run('fill', dump, 10, 2000)]);
      return {
        ...scene,
        async end() {
          await scene.end();
          // A disk that stays full would still be the machine's state in the next fault.
          rmSync(dump, { force: true });
        },
      };
    },
  },
  {
    name: 'flood',
    what: 'a flood of UDP packets on loopback',
    kinds: ['machine'],
    seconds: 60,
    set: async (stage) =>
      sudden(async () => {
        const receiver = stage.run('flood', 'receive');
        return [receiver, stage.run('flood', 'send', await receiver.firstLine(), 40_000)];
      }),
  },
];

/** Whether one of the guilty, or what one of them started, is the first culprit. */
export function namesOneOf(anomaly: Anomaly, guilty: readonly Actor[]): boolean {
  const [first] = anomaly.culprits;
  if (!first) return false;
  const pids = new Set(guilty.map(({ pid }) => pid));
  const named = [first.pid, first.parent?.pid, ...(first.group?.pids ?? [])];
  return named.some((pid) => pid !== undefined && pids.has(pid));
}
