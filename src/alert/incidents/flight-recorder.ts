import type { EvidenceFrame, TopProcess, TopScan } from '../../model/evidence.ts';
import type { History } from '../../model/history.ts';
import type { Incident } from '../../model/incident.ts';
import type { Process, ProcessScan } from '../../model/process.ts';

/** Where evidence goes, and where it comes from. */
export interface FlightRecorderOptions {
  /** The history of a host, asked for each time; undefined where there is none now. */
  readonly history: (host: string) => Pick<History, 'series' | 'query'> | undefined;
  /** What is kept already of an incident. */
  readonly recorded: (incident: string) => { readonly to: number; readonly totalMs: number } | undefined;
  readonly keepMetrics: (incident: string, piece: Span, frames: readonly EvidenceFrame[]) => void;
  readonly keepScans: (incident: string, piece: Span, scans: readonly TopScan[]) => void;
}

/** ms since the epoch, inclusive and exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const MINUTE = 60_000;
/** What is kept of the time before an incident. */
const BEFORE_MS = 10 * MINUTE;
/** An incident may have begun long before it was raised: no more of that time is kept. */
const LONGEST_RUN_UP_MS = 20 * MINUTE;
/** What is kept of its beginning and of its end. */
const FIRST_MS = 30 * MINUTE;
const LAST_MS = 10 * MINUTE;
/** While it lasts evidence is kept in pieces of this length: a crash takes no more. */
const PIECE_MS = 5 * MINUTE;
/** All that is kept of one that comes and goes. */
const MOST_MS = 60 * MINUTE;
/** Scans that are remembered: what led to an incident, and its last minutes until it is closed. */
const REMEMBER_MS = 20 * MINUTE;
/** Series that are copied at once: some ms of work. */
const SERIES_A_SLICE = 8;
/** Of each scan: the first by CPU, memory and disk traffic. */
const TOP = 5;

/** How far an incident is recorded. */
interface Recording {
  readonly openedAt: number;
  recordedTo: number;
  totalMs: number;
}

/** A piece that is being copied, some series at a time. */
interface Job {
  readonly incident: string;
  readonly host: string;
  readonly piece: Span;
  left: readonly string[];
}

/** Copies what was measured around incidents, at full resolution, before the history forgets it. */
export class FlightRecorder {
  readonly #options: FlightRecorderOptions;
  readonly #recordings = new Map<string, Recording>();
  readonly #scans: TopScan[] = [];
  readonly #jobs: Job[] = [];

  constructor(options: FlightRecorderOptions) {
    this.#options = options;
  }

  /** Of the machine that this runs on: nobody else tells all its processes. */
  scan(scan: ProcessScan): void {
    if (!scan.full) return;
    this.#scans.push({ at: scan.at, processes: topOf(scan.processes) });
    while (this.#scans[0] && this.#scans[0].at < scan.at - REMEMBER_MS) this.#scans.shift();
  }

  /** An incident opened, changed or closed; `at`: now. */
  observe(incident: Incident, at: number): void {
    const { id, state, since, closedAt } = incident;
    const known = this.#recordings.get(id);
    if (state === 'closed') {
      if (known && closedAt !== undefined) this.#finish(incident, known, closedAt);
      this.#recordings.delete(id);
    } else if (!known) {
      const from = Math.max(since, at - LONGEST_RUN_UP_MS) - BEFORE_MS;
      const before = this.#options.recorded(id);
      const recordedTo = Math.max(from, before?.to ?? from);
      const recording = { openedAt: at, recordedTo, totalMs: before?.totalMs ?? 0 };
      this.#recordings.set(id, recording);
      this.#record(incident, recording, at);
    }
  }

  /** To be called every second or so with what is open: what is due is copied, in slices of some ms. */
  look(open: readonly Incident[], at: number): void {
    for (const incident of open) {
      const recording = this.#recordings.get(incident.id);
      if (!recording || at - recording.recordedTo < PIECE_MS) continue;
      const end = recording.openedAt + FIRST_MS;
      if (recording.recordedTo < end) this.#record(incident, recording, Math.min(at, end));
    }
    this.#slice();
  }

  /** Copies what is left, at the end of the program. */
  finish(): void {
    while (this.#jobs.length > 0) this.#slice();
  }

  #finish(incident: Incident, recording: Recording, closedAt: number): void {
    const last = closedAt - LAST_MS;
    const end = recording.openedAt + FIRST_MS;
    if (recording.recordedTo < end) this.#record(incident, recording, Math.min(closedAt, end));
    recording.recordedTo = Math.max(recording.recordedTo, last);
    this.#record(incident, recording, closedAt);
  }

  #record({ id, host }: Incident, recording: Recording, to: number): void {
    const piece = { from: recording.recordedTo, to };
    if (piece.to <= piece.from || recording.totalMs >= MOST_MS) return;
    recording.recordedTo = to;
    recording.totalMs += piece.to - piece.from;
    const scans = this.#scans.filter(({ at }) => at >= piece.from && at < piece.to);
    if (scans.length > 0) this.#options.keepScans(id, piece, scans);
    const series = this.#options.history(host)?.series() ?? [];
    const left = series.flatMap(({ key, lastAt }) => (lastAt >= piece.from ? [key] : []));
    if (left.length > 0) this.#jobs.push({ incident: id, host, piece, left });
  }

  #slice(): void {
    const [job] = this.#jobs;
    if (!job) return;
    const { incident, host, piece, left } = job;
    const query = {
      metrics: left.slice(0, SERIES_A_SLICE),
      ...piece,
      resolution: 1,
      maxPoints: 10_000,
    } as const;
    const frames = this.#options.history(host)?.query(query).frames ?? [];
    const seen = frames.filter(({ at }) => at.length > 0);
    if (seen.length > 0)
      this.#options.keepMetrics(
        incident,
        piece,
        seen.map(({ metric, at, mean }) => ({ metric, at, value: mean })),
      );
    job.left = left.slice(SERIES_A_SLICE);
    if (job.left.length === 0) this.#jobs.shift();
  }
}

/** The first by CPU, by memory and by disk traffic, each once; by CPU first. */
function topOf(processes: readonly Process[]): readonly TopProcess[] {
  const measures = [
    ({ cpu }: Process) => cpu ?? 0,
    ({ rss }: Process) => rss,
    ({ readRate, writeRate }: Process) => (readRate ?? 0) + (writeRate ?? 0),
  ];
  const found = new Set(measures.flatMap((measure) => largest(processes, measure)));
  return [...found].map(({ id, pid, name, executable, cpu, rss, readRate, writeRate }) => ({
    ...{ id, pid, name, executable, cpu, rss, readRate, writeRate },
  }));
}

/** The `TOP` largest above zero, without sorting all. */
function largest(processes: readonly Process[], measure: (process: Process) => number): readonly Process[] {
  const top: Process[] = [];
  for (const process of processes) {
    const value = measure(process);
    if (value <= 0 || (top.length === TOP && value <= measure(top[TOP - 1]!))) continue;
    const place = top.findIndex((other) => measure(other) < value);
    top.splice(place < 0 ? top.length : place, 0, process);
    if (top.length > TOP) top.pop();
  }
  return top;
}
