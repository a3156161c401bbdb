import type { ProcessIdentity } from '../model/process.ts';
import type { KeptProcess, ReadableHistory, StoreOptions } from './contract.ts';
import { openForReading } from './database.ts';
import { Reader } from './query.ts';
import { SeriesTable } from './series-table.ts';

/**
 * Opens the history of `folder` for reading only, beside a daemon that writes it or without one. It sees all that was
 * committed. Throws UserError where there is none, or it is damaged or comes from a newer version.
 */
export function openHistory(folder: string, log?: StoreOptions['log']): ReadableHistory {
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
  const page = db.prepare(
    'SELECT id, identity, last_at AS lastAt FROM process WHERE id > ? AND last_at >= ? ORDER BY id LIMIT 500',
  );
  function* processes(since: number): Generator<KeptProcess> {
    for (let last = 0; ; ) {
      const rows = page.all(last, since);
      if (rows.length === 0) return;
      for (const { id, identity, lastAt } of rows) {
        last = Number(id);
        yield { identity: JSON.parse(String(identity)) as ProcessIdentity, lastAt: Number(lastAt) };
      }
    }
  }
  return {
    processes,
    series: () => read(() => reader.series()),
    query: (query) => read(() => reader.query(query)),
    processHistory: (id, from, to) => read(() => reader.processHistory(id, from, to)),
    processesAt: (at) => read(() => reader.processesAt(at)),
    processIdentity: (id) => read(() => reader.processIdentity(id)),
    anomalies: (query) => read(() => reader.anomalies(query)),
    breaches: (query) => read(() => reader.breaches(query)),
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
