import { readPayload } from '../../bus/payload.ts';
import { EVENT_COLUMNS, eventRow, momentOf } from '../../dataset/event-table.ts';
import { FEATURE_COLUMNS, features, type TimedProcess } from '../../dataset/features.ts';
import type { Cell, Piece } from '../../lib/table.ts';
import { SAMPLE_COLUMNS, samples } from '../../store/export.ts';
import { openHistory } from '../../store/store.ts';
import type { KeptRecord, LogReader } from '../../wal/log-reader.ts';
import type { RecordFilter } from '../../wal/record-filter.ts';
import { openLog } from '../open-log.ts';
import { matchingKeys } from '../options.ts';
import { historyFolder } from '../with-history.ts';
import type { ExportPlan, Source } from './plan.ts';

/** Events between two places where an export can be broken off. */
const EVENTS_A_PIECE = 1000;

/** Opens what the plan wants; also gives the plan back with what only the data knows. Throws a UserError where there is none. */
export async function openSource(
  dataFolder: string,
  plan: ExportPlan,
): Promise<{ readonly source: Source; readonly plan: ExportPlan }> {
  if (plan.what === 'metrics') return { source: metricsSource(dataFolder, plan), plan };
  const log = await openLog(dataFolder);
  const whole = { ...plan, lastId: plan.lastId ?? log.stats().lastId ?? 0 };
  const open = plan.what === 'events' ? eventsSource : featuresSource;
  return { source: open(log, whole), plan: whole };
}

function metricsSource(data: string, { from, to, metric, host }: ExportPlan): Source {
  const history = openHistory(historyFolder({ data, ...(host !== undefined && { host }) }));
  const stored = history.series().map(({ key }) => key);
  const query = {
    ...(to === undefined ? {} : { to }),
    ...(metric && { metrics: matchingKeys(metric, stored) }),
  };
  return {
    columns: SAMPLE_COLUMNS,
    pieces: (position) => {
      const begin = position ?? from;
      return samples(history, { ...query, ...(begin === undefined ? {} : { from: begin }) });
    },
    close: () => history.close(),
  };
}

const filterOf = ({ from, to, host, lastId }: ExportPlan): RecordFilter => ({
  ...(from === undefined ? {} : { sentFrom: from }),
  ...(to === undefined ? {} : { sentTo: to }),
  ...(host === undefined ? {} : { source: host }),
  ...(lastId === undefined ? {} : { lastId }),
});

function eventsSource(log: LogReader, plan: ExportPlan): Source {
  const filter = filterOf(plan);
  return {
    columns: EVENT_COLUMNS,
    pieces: (position = 0) => eventPieces(log.records(position, filter), log.count(filter)),
    close: () => log.close(),
  };
}

/** Windows know what came before them, so that going on reads everything again and leaves out what is written already. */
function featuresSource(log: LogReader, plan: ExportPlan): Source {
  const filter = filterOf(plan);
  return {
    columns: FEATURE_COLUMNS,
    pieces: (position = Number.NEGATIVE_INFINITY) =>
      features(processes(log.inTimeOrder(filter)), plan.windowMs, log.count(filter)).filter(
        (piece) => piece.position > position,
      ),
    close: () => log.close(),
  };
}

/** What is no process, or has no time, is in no window. */
function* processes(records: Iterable<KeptRecord>): Generator<TimedProcess> {
  for (const { source, timestampNs, kind, bytes } of records) {
    const at = momentOf(timestampNs);
    if (at === undefined) continue;
    const payload = readPayload(kind, bytes);
    if (payload.kind === 'process') yield { host: source, at, process: payload.process };
  }
}

function* eventPieces(records: Iterable<KeptRecord>, total: number): Generator<Piece> {
  let rows: (readonly Cell[])[] = [];
  let position = 0;
  let done = 0;
  for (const { id, source, key, timestampNs, receivedAt, bytes, kind } of records) {
    const event = { id, host: source, key, timestampNs, receivedAt, bytes: bytes.length };
    rows.push(eventRow({ ...event, payload: readPayload(kind, bytes) }));
    position = id;
    if (rows.length < EVENTS_A_PIECE) continue;
    done += rows.length;
    yield { rows, position, share: done / total };
    rows = [];
  }
  if (rows.length > 0) yield { rows, position, share: 1 };
}
