import type { StoredHistory, StoreOptions } from './contract.ts';
import { openForReading } from './database.ts';
import { Reader } from './query.ts';
import { SeriesTable } from './series-table.ts';

/**
 * Opens the history of `folder` for reading only, beside a daemon that writes it or without one. It sees all that was
 * committed. Throws UserError where there is none, or it is damaged or comes from a newer version.
 */
export function openHistory(folder: string, log?: StoreOptions['log']): StoredHistory {
  const db = openForReading(folder);
  const reader = new Reader(db, new SeriesTable(db), reportOnce(log));
  /** One state of the file for all that an answer needs, whatever the writer compacts meanwhile. */
  const read = <T>(work: () => T): T => {
    db.exec('BEGIN');
    try {
      reader.table.load();
      return work();
    } finally {
      db.exec('COMMIT');
    }
  };
  return {
    series: () => read(() => reader.series()),
    query: (query) => read(() => reader.query(query)),
    processHistory: (id, from, to) => read(() => reader.processHistory(id, from, to)),
    processIdentity: (id) => read(() => reader.processIdentity(id)),
    anomalies: (query) => read(() => reader.anomalies(query)),
    close: () => db.close(),
  };
}

/** Tells the log of each damaged place once. */
export function reportOnce(log: StoreOptions['log']): (what: string) => void {
  const reported = new Set<string>();
  return (what) => {
    if (reported.has(what)) return;
    reported.add(what);
    log?.warn(`history: ${what}; it is a gap now`);
  };
}
