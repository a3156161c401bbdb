/** Why a file could not be read. Negative, so that `read` needs no exception for what happens all the time. */
export const MISSING = -1;
export const DENIED = -2;
export const UNREADABLE = -3;

/** Space of a file system, in bytes, and its inodes; `files` is 0 where the file system has none. */
export interface Space {
  readonly total: number;
  readonly free: number;
  /** Free for those who are not root. */
  readonly available: number;
  readonly files: number;
  readonly filesFree: number;
}

/**
 * The only door to the operating system's files. The live machine and a recorded one are the same to a collector.
 * All calls are synchronous (files of /proc and /sys are answered from memory) except `space`, which may hang on a dead
 * network mount.
 */
export interface Host {
  readonly platform: NodeJS.Platform;
  /** Holds what the last `read` brought; overwritten by the next one. Grows when a file is larger. */
  readonly buffer: Buffer;
  /** Reads the whole file into `buffer`, a 0 byte after it; the number of bytes, or MISSING, DENIED, UNREADABLE. */
  read(path: string): number;
  /** Names in a folder, or the reason why there are none to be had. */
  list(path: string): readonly string[] | typeof MISSING | typeof DENIED | typeof UNREADABLE;
  /** The target of a symbolic link, or the reason. */
  link(path: string): string | typeof MISSING | typeof DENIED | typeof UNREADABLE;
  /** Rejects with a system error. `mayHang`: asked at a higher price, such that a mount that never answers harms nothing. */
  space(path: string, mayHang?: boolean): Promise<Space>;
}
