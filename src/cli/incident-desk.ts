import { FeedbackWatch } from '../alert/incidents/feedback-file.ts';
import { FlightRecorder } from '../alert/incidents/flight-recorder.ts';
import { Incidents, MOST_OPEN } from '../alert/incidents/incidents.ts';
import { type IncidentMemory, withDecision } from '../alert/incidents/kept.ts';
import { Knowledge } from '../alert/incidents/knowledge.ts';
import { type IncidentSettings, policyOf } from '../alert/incidents/settings.ts';
import type { WallClock } from '../alert/incidents/windows.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Loss } from '../model/coverage.ts';
import type { History } from '../model/history.ts';
import type { Decision, Incident, Notice, Signal } from '../model/incident.ts';
import type { IncidentArchive } from '../model/incident-archive.ts';
import type { ProcessScan } from '../model/process.ts';
import type { FeedbackDesk } from '../serve/source.ts';
import { IncidentFile } from '../store/incident-file.ts';
import { feedbackDesk } from './incidents/feedback-desk.ts';
import { SignalBound } from './incidents/signal-bound.ts';

export interface IncidentDeskOptions {
  /** Where they are kept. */
  readonly folder: string;
  readonly clock: Clock;
  readonly settings: IncidentSettings;
  /** Whether a host is the one that the configuration names. */
  readonly isHost?: (host: string, named: string) => boolean;
  /** What was measured on a host. */
  readonly history: (host: string) => History | undefined;
  /** Whether the wall clock can be believed. */
  readonly trust: { trusted(): boolean };
  readonly log: Pick<Log, 'warn'>;
  /** Tells people, as it is set up now; undefined: nobody is to be told. */
  readonly notify: () => ((notice: Notice) => void) | undefined;
}

const FORGET_MS = 3_600_000;
/** How far back seasons are sought after a restart. */
const SEASONS_MS = 40 * 86_400_000;
const MOST_REMEMBERED = 5000;
/** What was raised longer ago is late, ms; and so long it waits for its end. */
const LATE_MS = 2 * 60_000;
const LATE_WAIT_MS = 15_000;
/** What comes within this time after something was written is written together, ms: each write waits for the disk. */
const WRITE_MS = 250;

/** Signals -> incidents with their evidence, kept: of this machine, or of all hosts of a hub. */
export class IncidentDesk {
  readonly #options: IncidentDeskOptions;
  readonly #file: IncidentFile<IncidentMemory>;
  readonly #incidents: Incidents;
  readonly #recorder: FlightRecorder;
  /** By id: what was told long after it was raised, by a host that could not be heard before. */
  readonly #late = new Map<string, { readonly signal: Signal; readonly until: number }>();
  readonly #watch: FeedbackWatch;
  #wallClock: WallClock;
  #knowledge: Knowledge;
  readonly #listeners = new Set<(incident: Incident) => void>();
  #forgetAt: number;
  readonly #bound: SignalBound;
  /** What people are to be told once it is on disk. */
  #notices: Notice[] = [];
  #writtenAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** Goes on with what an earlier run left open. Throws UserError where the incidents cannot be opened. */
  constructor(options: IncidentDeskOptions) {
    const { folder, clock, settings, history } = options;
    this.#options = options;
    this.#bound = new SignalBound(clock);
    const notify = (notice: Notice): void => void this.#notices.push(notice);
    const file = new IncidentFile<IncidentMemory>({
      ...{ folder, clock, bounds: { capBytes: settings.cap, keepMs: settings.keep } },
    });
    this.#file = file;
    this.#recorder = new FlightRecorder({
      history,
      recorded: (incident) => file.recorded(incident),
      keepMetrics: (incident, piece, frames) => file.keepMetrics(incident, piece, frames),
      keepScans: (incident, piece, scans) => file.keepScans(incident, piece, scans),
    });
    const policy = policyOf(settings, options.isHost);
    this.#watch = new FeedbackWatch(folder, (problem) => options.log.warn(problem));
    this.#wallClock = policy.wallClock;
    this.#knowledge = this.#learnSeasons(policy.wallClock);
    this.#incidents = new Incidents({
      policy,
      onChange: (kept) => {
        file.keep(kept);
        if (kept.incident.state === 'closed') this.#knowledge.observe(kept.incident);
        this.#recorder.observe(kept.incident, clock.now());
        for (const listener of this.#listeners) listener(kept.incident);
      },
      annotate: (incident, at) => this.#knowledge.annotate(incident, at),
      get notify() {
        return options.notify() && notify;
      },
    });
    const now = clock.now();
    this.#incidents.restore(file.left(now - policy.reopenWithinMs), now);
    for (const incident of this.#incidents.open()) this.#recorder.observe(incident, now);
    this.#forgetAt = clock.monotonic() + FORGET_MS;
  }

  #learnSeasons(wallClock: WallClock): Knowledge {
    const knowledge = new Knowledge(wallClock, () => this.#watch.feedback);
    const from = this.#options.clock.now() - SEASONS_MS;
    for (const incident of this.archive.list({ from, limit: MOST_REMEMBERED }).toReversed())
      if (incident.state === 'closed') knowledge.observe(incident);
    return knowledge;
  }

  /** What people said since the last look. */
  #hear(now: number): void {
    const before = this.#watch.feedback;
    if (!this.#watch.look()) return;
    this.#incidents.reconsider(now);
    // What is long over is changed where it is kept.
    for (const id of new Set([...before, ...this.#watch.feedback].map(({ incident }) => incident))) {
      const stored = this.#file.stored(id);
      if (stored?.incident.state !== 'closed') continue;
      const { verdict, acknowledged, ...incident } = stored.incident;
      const { expected, ...said } = this.#knowledge.annotate(incident, now);
      this.#file.keep({ ...stored, incident: { ...incident, ...said } });
    }
  }

  /** Other settings hold from now on. */
  use(settings: IncidentSettings): void {
    const policy = policyOf(settings, this.#options.isHost);
    this.#wallClock = policy.wallClock;
    this.#knowledge = this.#learnSeasons(policy.wallClock);
    this.#incidents.use(policy);
    this.#file.use({ capBytes: settings.cap, keepMs: settings.keep });
  }

  get archive(): IncidentArchive {
    return this.#file.archive;
  }

  /** For people to say what incidents mean. */
  get feedback(): FeedbackDesk {
    const { folder, clock } = this.#options;
    return feedbackDesk({ folder, clock, archive: this.archive, wallClock: () => this.#wallClock });
  }

  /** Something was found. What comes late may be over by now, as what comes right after it may say: it waits for that. */
  signal(signal: Signal): void {
    const { clock } = this.#options;
    const isNew = !this.#incidents.knows(signal.host, signal.id);
    // A log that is read again tells what is long over once more.
    if (isNew && signal.state === 'closed' && this.#file.holds(signal.id)) return;
    if (isNew && !this.#late.has(signal.id) && !this.#takesNew(signal)) return;
    const isLate = isNew && signal.state === 'open' && clock.now() - signal.raisedAt > LATE_MS;
    if (isLate || this.#late.has(signal.id)) {
      const known = this.#late.get(signal.id);
      this.#late.set(signal.id, { signal, until: known?.until ?? clock.monotonic() + LATE_WAIT_MS });
      return;
    }
    this.#take(signal, clock.now());
    this.#writeSoon();
  }

  /** That a host is silent says the hub itself. */
  #takesNew({ kind, host }: Signal): boolean {
    return kind === 'silence' || this.#bound.takes(host);
  }

  #take(signal: Signal, now: number): void {
    if (!this.#incidents.signal(signal, now))
      this.#bound.refuse(signal.host, `${MOST_OPEN} of its host are open`);
  }

  /** At once where nothing was written lately. */
  #writeSoon(): void {
    const wait = this.#writtenAt + WRITE_MS - this.#options.clock.monotonic();
    if (wait <= 0) this.write();
    else this.#timer ??= setTimeout(() => this.write(), wait).unref();
  }

  /** Writes what changed, and then tells people of it: what they know must outlive a crash. To be called before those who tell them stop. */
  write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#file.flush()) this.#writtenAt = this.#options.clock.monotonic();
    const notices = this.#notices;
    this.#notices = [];
    const notify = this.#options.notify();
    for (const notice of notices) notify?.(notice);
  }

  #takeLate(now: number): void {
    for (const [id, { signal, until }] of this.#late) {
      if (this.#options.clock.monotonic() < until) continue;
      this.#late.delete(id);
      this.#take(signal, now);
    }
  }

  /** Processes of the machine that this runs on. */
  scan(scan: ProcessScan): void {
    this.#recorder.scan(scan);
  }

  /** How telling people of an incident went. */
  told(id: string, decision: Decision): void {
    const stored = this.#incidents.told(id, decision) ? undefined : this.#file.stored(id);
    if (stored) this.#file.keep({ ...stored, incident: withDecision(stored.incident, decision) });
    this.#writeSoon();
  }

  /** To be called every second or so. Takes some ms where evidence is copied. */
  look(): void {
    const { clock, trust } = this.#options;
    const now = clock.now();
    this.#hear(now);
    this.#takeLate(now);
    this.#incidents.look(now);
    this.#recorder.look(this.#incidents.open(), now);
    this.write();
    if (clock.monotonic() < this.#forgetAt || !trust.trusted()) return;
    this.#forgetAt = clock.monotonic() + FORGET_MS;
    this.#file.forget(now);
  }

  open(): readonly Incident[] {
    return this.#incidents.open();
  }

  subscribe(listener: (incident: Incident) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  losses(): readonly Loss[] {
    return [...this.#file.losses(), ...this.#bound.all()];
  }

  /** What a host told and is in no incident. */
  refused(host: string): readonly Loss[] {
    return this.#bound.of(host);
  }

  close(): void {
    for (const { signal } of this.#late.values()) this.#take(signal, this.#options.clock.now());
    this.#recorder.finish();
    this.write();
    this.#file.close();
  }
}
