/**
 * Space and inodes of each real file system (mounts.ts says which those are), asked every 5 s, remote ones every 30 s, and
 * repeated in between: a disk does not fill within seconds.
 *
 * Nobody waits for an answer: each is taken when it is there, at the next call. A mount that has not answered within its
 * deadline is a blind spot, says nothing any more, and is not asked again while it owes an answer. Remote ones are asked
 * by a process of their own (live-host.ts), which is ended at the deadline where the kernel lets it. At most one local
 * and two remote mounts are asked at a time, so whatever is dead blinds at most the other mounts of its kind.
 */
import { errorCode, errorMessage } from '../../lib/errors.ts';
import type { BlindSpot } from '../../model/coverage.ts';
import { type Metric, type Series, series } from '../../model/metric.ts';
import { readOrBlind } from '../blind.ts';
import type { Collection, Collector } from '../collector.ts';
import { pushGauge } from '../counter.ts';
import type { Host, Space } from '../host.ts';
import { type Mount, realMounts } from './mounts.ts';

const MOUNTINFO = '/proc/self/mountinfo';
const EVERY_MS = 5000;
const REMOTE_EVERY_MS = 30_000;
const DEADLINE_MS = 3000;
const REMEDY = 'look at its server or disk, or unmount it';
const LOCAL_LANES = 1;
const REMOTE_LANES = 2;

/** The fullest one. Read-only ones do not count: they cannot fill. */
const FULLEST = series('system.filesystem.utilization');

/** One mount: its last answer, and whether it owes one. */
class Watched {
  readonly mount: Mount;
  space: Space | undefined;
  error: string | undefined;
  /** When it was asked, while no answer has come. */
  askedAt: number | undefined;
  nextAt = Number.NEGATIVE_INFINITY;
  readonly used: Series;
  readonly free: Series;
  readonly reserved: Series;
  readonly utilization: Series;
  readonly inodes: Series;

  constructor(mount: Mount) {
    this.mount = mount;
    const of = {
      'system.filesystem.mountpoint': mount.path,
      ...(mount.readOnly && { 'system.filesystem.mode': 'ro' }),
    };
    this.used = series('system.filesystem.usage', { ...of, 'system.filesystem.state': 'used' });
    this.free = series('system.filesystem.usage', { ...of, 'system.filesystem.state': 'free' });
    this.reserved = series('system.filesystem.usage', { ...of, 'system.filesystem.state': 'reserved' });
    this.utilization = series('system.filesystem.utilization', of);
    this.inodes = series('system.filesystem.inode.utilization', of);
  }

  /** Pushes what was last answered; returns the utilization, as df(1) has it: without what is reserved for root. */
  push(metrics: Metric[]): number {
    const { space } = this;
    if (!space || !(space.total > 0 && space.free <= space.total)) return Number.NaN;
    const used = space.total - space.free;
    const utilization = used / (used + space.available);
    pushGauge(metrics, this.used, used);
    pushGauge(metrics, this.free, space.available);
    if (space.free >= space.available) pushGauge(metrics, this.reserved, space.free - space.available);
    pushGauge(metrics, this.utilization, utilization);
    if (space.files > 0) pushGauge(metrics, this.inodes, 1 - space.filesFree / space.files);
    return utilization;
  }
}

export function createFilesystemCollector(): Collector {
  return new LinuxFilesystem();
}

class LinuxFilesystem implements Collector {
  readonly name = 'filesystem';
  readonly platforms: readonly NodeJS.Platform[] = ['linux'];
  #watched: readonly Watched[] = [];
  #mountinfo = Buffer.alloc(0);
  #queue: Watched[] = [];
  #nextAt = Number.NEGATIVE_INFINITY;
  #lookBlind: readonly BlindSpot[] = [];

  async collect(host: Host, at: number): Promise<Collection> {
    if (at >= this.#nextAt) {
      this.#nextAt = at + EVERY_MS;
      this.#look(host);
      this.#queue = this.#watched.filter(({ askedAt, nextAt }) => askedAt === undefined && at >= nextAt);
    }
    this.#ask(host, at);
    const metrics: Metric[] = [];
    const blind: BlindSpot[] = [...this.#lookBlind];
    let fullest = Number.NaN;
    for (const watched of this.#watched) {
      const utilization = this.#report(watched, at, metrics, blind);
      if (!watched.mount.readOnly && !(utilization <= fullest)) fullest = pick(utilization, fullest);
    }
    pushGauge(metrics, FULLEST, fullest);
    return { metrics, blind };
  }

  /** Reads the table of mounts; what is still mounted keeps its answers, and its debt. */
  #look(host: Host): void {
    const blind: BlindSpot[] = [];
    const length = readOrBlind(host, MOUNTINFO, blind, true);
    this.#lookBlind = blind;
    const bytes = host.buffer.subarray(0, length);
    if (length === 0 || bytes.equals(this.#mountinfo)) return;
    this.#mountinfo = Buffer.from(bytes);
    const known = new Map(this.#watched.map((watched) => [identityOf(watched.mount), watched]));
    this.#watched = realMounts(host, length).map(
      (mount) => known.get(identityOf(mount)) ?? new Watched(mount),
    );
  }

  /** Asks as many of those in the queue as there are free lanes. */
  #ask(host: Host, at: number): void {
    for (const remote of [false, true]) {
      const busy = this.#watched.filter(
        ({ mount, askedAt }) => mount.remote === remote && askedAt !== undefined,
      ).length;
      const lanes = (remote ? REMOTE_LANES : LOCAL_LANES) - busy;
      for (let lane = 0; lane < lanes; lane++) {
        const index = this.#queue.findIndex(({ mount }) => mount.remote === remote);
        if (index < 0) break;
        this.#askOne(host, this.#queue.splice(index, 1)[0]!, at);
      }
    }
  }

  #askOne(host: Host, watched: Watched, at: number): void {
    const { path, remote } = watched.mount;
    watched.askedAt = at;
    watched.nextAt = at + (remote ? REMOTE_EVERY_MS : EVERY_MS);
    const answered = (space: Space | undefined, error: string | undefined): void => {
      watched.space = space;
      watched.error = error;
      watched.askedAt = undefined;
      this.#ask(host, at);
    };
    host.space(path, remote).then(
      (space) => answered(space, undefined),
      // A mount that went away since the table was read is no failure.
      (error: unknown) =>
        answered(undefined, errorCode(error) === 'ENOENT' ? undefined : errorMessage(error)),
    );
  }

  #report(watched: Watched, at: number, metrics: Metric[], blind: BlindSpot[]): number {
    const what = `file system ${watched.mount.path}`;
    if (watched.askedAt !== undefined && at - watched.askedAt >= DEADLINE_MS) {
      watched.space = undefined;
      blind.push({ what, why: 'it does not answer', remedy: REMEDY, severe: true });
      return Number.NaN;
    }
    if (watched.error !== undefined) blind.push({ what, why: watched.error, remedy: REMEDY });
    else if (!watched.space && this.#isBehindAnother(watched, at)) {
      blind.push({ what, why: 'it is not asked while others of its kind do not answer' });
    }
    return watched.push(metrics);
  }

  /** It waits for a lane of its kind, and something that hangs holds one of them. */
  #isBehindAnother(watched: Watched, at: number): boolean {
    const { remote } = watched.mount;
    const hangs = ({ mount, askedAt }: Watched): boolean =>
      mount.remote === remote && askedAt !== undefined && at - askedAt >= DEADLINE_MS;
    return this.#queue.includes(watched) && this.#watched.some(hangs);
  }
}

/** One that becomes read-only is another series. */
const identityOf = ({ device, path, readOnly }: Mount): string => `${device} ${readOnly} ${path}`;

const pick = (value: number, otherwise: number): number => (Number.isNaN(value) ? otherwise : value);
