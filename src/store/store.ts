/**
 * The history of one machine, in one SQLite file, `history.db`.
 *
 * What arrives goes to the *tail*: every few seconds one row with all series (`tail.ts`), every minute one with all
 * processes. When an hour has passed its rows become *chunks* (`compactor.ts`): the raw values of the hour, and the
 * points of its minutes and of the hour itself, which join those of the same day and of the same 30 days (`kinds.ts`).
 * Rows and chunks are packs (`pack.ts`) of columns (`column.ts`). Readers join chunks, tail and what is still in memory.
 *
 *     meta     schema: the version of all this
 *     series   id -> key, unit, precision. Packs name series by id; what an id means never changes
 *     tail     kind (metrics, process), hour, samples, pack; ids grow in the order of writing
 *     chunk    kind (raw, minute, hour, process), window, part (of the ids), samples, pack
 *     kept     kind -> since when it is complete: older windows were dropped by age or by the disk cap
 *     process  number -> id, identity as JSON
 *     anomaly  id -> its latest state as JSON
 *
 * Invariants
 *  1. What was committed survives kill -9. At most `flushMs` and one tick of samples are not committed; of processes, the
 *     minute at hand. An anomaly is on the disk when `appendAnomaly` returns.
 *  2. A sample is its series' value at one whole ms of the wall clock. Written twice, the later writing counts.
 *  3. Compaction is a pure function of what is stored, and each slice of it one transaction: it can be cut off anywhere
 *     and done again.
 *  4. Chunks of a window may be written again: when the wall clock went back, its new samples join the old ones. Where the
 *     raw ones were dropped before, a minute (an hour) seen twice is the one of the later samples.
 *  5. Nothing is dropped for its age before the wall clock has run for ten minutes without a jump. Samples from a clock
 *     that was ahead stay where they are until that time has come and gone.
 *  6. Nobody who appends sees an exception: what the disk refuses waits in memory, within bounds, then is counted as lost.
 */
import type { Store, StoreOptions } from './contract.ts';
import { openForWriting } from './database.ts';
import { lockFolder } from './lock.ts';
import { reportOnce } from './reader.ts';
import { Writer } from './writer.ts';

export type { Store, StoredHistory, StoreOptions, StoreStats } from './contract.ts';
export { openHistory } from './reader.ts';
export { ClockTrust, type RetentionTimes } from './retention.ts';

const CAP = 2 ** 30;

/**
 * Opens the history of `options.folder` for writing, and makes it where there is none.
 *
 * Throws UserError where the folder cannot be written, another process writes it, or the history is damaged or comes
 * from a newer version; a history that is refused is left as it was.
 *
 *     const store = openStore({ folder, clock: systemClock });
 *     store.append({ at: clock.now(), metrics });
 *     setInterval(() => store.maintain(5), 1000);
 */
export function openStore(options: StoreOptions): Store {
  const { folder, capBytes = CAP } = options;
  const unlock = lockFolder(folder);
  try {
    const db = openForWriting(folder, capBytes);
    return new Writer({ ...options, capBytes }, db, unlock, reportOnce(options.log));
  } catch (error) {
    unlock();
    throw error;
  }
}
