import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Evidence, EvidenceFrame, TopScan } from '../model/evidence.ts';
import type { Incident } from '../model/incident.ts';
import type { IncidentArchive, IncidentQuery } from '../model/incident-archive.ts';
import { decodeFrames, decodeScans, keysOf } from './evidence.ts';

/** Incidents as they are kept. */
export class IncidentReader implements IncidentArchive {
  readonly #list: StatementSync;
  readonly #named: StatementSync;
  readonly #evidence: StatementSync;

  constructor(db: DatabaseSync) {
    this.#list = db.prepare(
      `SELECT incident FROM incident
       WHERE since < ?1 AND (closed_at IS NULL OR closed_at >= ?2 AND NOT ?3) AND (?4 IS NULL OR host = ?4)
       ORDER BY since DESC, id LIMIT ?5`,
    );
    this.#named = db.prepare('SELECT incident FROM incident WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2');
    this.#evidence = db.prepare(
      'SELECT kind, keys, pack FROM evidence WHERE incident = ? ORDER BY since, id',
    );
  }

  list(query: IncidentQuery = {}): readonly Incident[] {
    const { from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER, host = null, limit = -1 } = query;
    return parsed(this.#list.all(to, from, query.isOpen ? 1 : 0, host, limit));
  }

  named(prefix: string): readonly Incident[] {
    return prefix === '' ? [] : parsed(this.#named.all(prefix));
  }

  /** What is damaged is missing. */
  evidence(incident: string, wanted: ReadonlySet<string>): Evidence {
    const series = new Set<string>();
    const frames = new Map<string, EvidenceFrame[]>();
    const scans: TopScan[] = [];
    for (const { kind, keys, pack } of this.#evidence.iterate(incident)) {
      if (!(pack instanceof Uint8Array)) continue;
      try {
        if (kind === 'scans') scans.push(...decodeScans(pack));
        else if (keys instanceof Uint8Array) {
          for (const key of keysOf(keys)) series.add(key);
          for (const frame of decodeFrames({ keys, pack }, wanted))
            frames.set(frame.metric, [...(frames.get(frame.metric) ?? []), frame]);
        }
      } catch {
        // One damaged piece is a gap and does not take the others.
      }
    }
    return { series: [...series].sort(), frames: [...frames.values()].map(joined), scans };
  }
}

/** Incidents as they are kept, and over them those that wait for a disk that takes them. */
export class IncidentsAhead implements IncidentArchive {
  readonly #kept: IncidentArchive;
  readonly #waiting: () => readonly Incident[];

  constructor(kept: IncidentArchive, waiting: () => readonly Incident[]) {
    this.#kept = kept;
    this.#waiting = waiting;
  }

  list(query: IncidentQuery): readonly Incident[] {
    const waiting = this.#waiting();
    if (waiting.length === 0) return this.#kept.list(query);
    const { limit } = query;
    const kept = this.#kept.list({
      ...query,
      ...(limit !== undefined && { limit: limit + waiting.length }),
    });
    return [...without(kept, waiting), ...waiting.filter((one) => isAskedFor(one, query))]
      .sort((one, other) => other.since - one.since || (one.id < other.id ? -1 : 1))
      .slice(0, limit);
  }

  named(prefix: string): readonly Incident[] {
    const waiting = this.#waiting();
    const meant = prefix === '' ? [] : waiting.filter(({ id }) => id.startsWith(prefix));
    return [...without(this.#kept.named(prefix), waiting), ...meant].slice(0, 2);
  }

  evidence(incident: string, wanted: ReadonlySet<string>): Evidence {
    return this.#kept.evidence(incident, wanted);
  }
}

function without(all: readonly Incident[], others: readonly Incident[]): readonly Incident[] {
  const ids = new Set(others.map(({ id }) => id));
  return all.filter(({ id }) => !ids.has(id));
}

const isAskedFor = (
  { since, closedAt, host }: Incident,
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, host: wanted, isOpen }: IncidentQuery,
): boolean =>
  since < to &&
  (closedAt === undefined || (closedAt >= from && !isOpen)) &&
  (wanted === undefined || wanted === host);

const parsed = (rows: readonly Record<string, unknown>[]): readonly Incident[] =>
  rows.map(({ incident }) => JSON.parse(String(incident)) as Incident);

/** Pieces of one series, in the order of time, as one. */
function joined(pieces: readonly EvidenceFrame[]): EvidenceFrame {
  const points = pieces.flatMap(({ at, value }) =>
    Array.from(at, (moment, index): readonly [number, number] => [moment, value[index]!]),
  );
  const seen = points.filter(([, value]) => !Number.isNaN(value));
  return {
    metric: pieces[0]!.metric,
    at: Float64Array.from(seen, ([moment]) => moment),
    value: Float64Array.from(seen, ([, value]) => value),
  };
}
