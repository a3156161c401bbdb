import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Incident } from '../model/incident.ts';

/** Which incidents are asked for: those that overlap the period, newest first. */
export interface IncidentQuery {
  /** ms since the epoch. */
  readonly from?: number;
  readonly to?: number;
  readonly host?: string;
  readonly isOpen?: true;
  readonly limit?: number;
}

/** Incidents as they are kept. */
export class IncidentReader {
  readonly #list: StatementSync;
  readonly #named: StatementSync;

  constructor(db: DatabaseSync) {
    this.#list = db.prepare(
      `SELECT incident FROM incident
       WHERE since < ?1 AND (closed_at IS NULL OR closed_at >= ?2 AND NOT ?3) AND (?4 IS NULL OR host = ?4)
       ORDER BY since DESC, id LIMIT ?5`,
    );
    this.#named = db.prepare('SELECT incident FROM incident WHERE substr(id, 1, length(?1)) = ?1 LIMIT ?2');
  }

  list(query: IncidentQuery = {}): readonly Incident[] {
    const { from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER, host = null, limit = -1 } = query;
    return parsed(this.#list.all(to, from, query.isOpen ? 1 : 0, host, limit));
  }

  /** Those whose id begins so; `most` of them at most. */
  named(prefix: string, most = 2): readonly Incident[] {
    return prefix === '' ? [] : parsed(this.#named.all(prefix, most));
  }
}

const parsed = (rows: readonly Record<string, unknown>[]): readonly Incident[] =>
  rows.map(({ incident }) => JSON.parse(String(incident)) as Incident);
