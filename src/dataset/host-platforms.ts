import { type Platform, tellPlatform } from './paths.ts';

/** Hosts are remembered up to so many. */
const MOST_HOSTS = 10_000;

/**
 * Platforms of hosts whose senders do not name them: a host that once showed a path that only one platform has is of that
 * platform from then on; until then it counts as Linux, whose paths most others share.
 */
export class HostPlatforms {
  readonly #known = new Map<string, Platform>();

  of(host: string, path: string, osType: string): Platform {
    const told = tellPlatform(path, osType);
    if (told === undefined) return this.#known.get(host) ?? 'linux';
    if (this.#known.size < MOST_HOSTS || this.#known.has(host)) this.#known.set(host, told);
    return told;
  }
}
