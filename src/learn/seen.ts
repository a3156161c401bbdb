import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../lib/atomic-file.ts';

/** What the learner must not forget when the daemon restarts. */
export interface Seen {
  /** First sample that counts, ms since the epoch. */
  readonly since: number;
  /** Usable history, ms: gaps do not count. */
  readonly seenMs: number;
  /** How much had been seen when the last model was trained. */
  readonly trainedMs: number | undefined;
}

/** Undefined where the file is missing or makes no sense: the learner then begins from its model, or anew. */
export function readSeen(path: string): Seen | undefined {
  try {
    const { since, seenMs, trainedMs } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Seen>;
    if (!Number.isFinite(since) || !Number.isFinite(seenMs)) return undefined;
    return { since: since!, seenMs: seenMs!, trainedMs: Number.isFinite(trainedMs) ? trainedMs : undefined };
  } catch {
    return undefined;
  }
}

export function writeSeen(path: string, seen: Seen): void {
  writeFileAtomic(path, `${JSON.stringify(seen)}\n`);
}
