import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { errorMessage } from '../lib/errors.ts';
import { type CountedAlarms, countedAlarms } from '../model/alarm-rate.ts';
import { LONGEST_STEP_MS } from '../model/settling.ts';

const DAY_MS = 86_400_000;
/** Long enough to tell one alarm a week from none, short enough to forget how the machine was. */
const LATELY_DAYS = 28;
const SAVE_EACH_MS = 300_000;

interface Day {
  /** Days since the epoch. */
  readonly day: number;
  alarms: number;
  ms: number;
}

interface Counts {
  /** The model that scores, and what came of it since it began to. */
  model: { readonly id: string; alarms: number; ms: number } | undefined;
  readonly days: Day[];
}

export interface AlarmCountOptions {
  /** The file that outlives restarts. */
  readonly path: string;
  /** Told once in a row of failures that the file cannot be written: counting goes on. */
  onProblem(problem: string): void;
}

/** Counts the machine's alarms, and the time in which there could have been one: rows that were scored. */
export class AlarmCount {
  readonly #options: AlarmCountOptions;
  readonly #counts: Counts;
  #lastAt: number | undefined;
  #unsavedMs = 0;
  #failed = false;

  constructor(options: AlarmCountOptions) {
    this.#options = options;
    this.#counts = read(options.path) ?? { model: undefined, days: [] };
  }

  /** From now on this model scores; the same one as before goes on where it was. */
  use(id: string): void {
    if (this.#counts.model?.id !== id) this.#counts.model = { id, alarms: 0, ms: 0 };
  }

  /** A row was scored at `at` (wall clock, ms). What lies between two rows counts, unless it is a gap. */
  scored(at: number): void {
    const step = this.#lastAt === undefined ? 0 : at - this.#lastAt;
    this.#lastAt = at;
    if (!(step > 0 && step <= LONGEST_STEP_MS)) return;
    if (this.#counts.model) this.#counts.model.ms += step;
    this.#day(at).ms += step;
    this.#unsavedMs += step;
    if (this.#unsavedMs >= SAVE_EACH_MS) this.save();
  }

  alarmed(at: number): void {
    if (this.#counts.model) this.#counts.model.alarms++;
    this.#day(at).alarms++;
    this.save();
  }

  /** Since the model that scores began to. */
  ofModel(): CountedAlarms {
    const { alarms, ms } = this.#counts.model ?? { alarms: 0, ms: 0 };
    return countedAlarms(alarms, ms / 1000);
  }

  /** Of the last four weeks, whichever models scored. */
  lately(): CountedAlarms {
    const sum = { alarms: 0, ms: 0 };
    for (const { alarms, ms } of this.#counts.days) {
      sum.alarms += alarms;
      sum.ms += ms;
    }
    return countedAlarms(sum.alarms, sum.ms / 1000);
  }

  /** To be called at the end; in between it saves by itself. */
  save(): void {
    this.#unsavedMs = 0;
    try {
      writeFileAtomic(this.#options.path, `${JSON.stringify(this.#counts)}\n`);
      this.#failed = false;
    } catch (error) {
      if (!this.#failed)
        this.#options.onProblem(
          `the count of alarms cannot be saved in ${this.#options.path}: ${errorMessage(error)}`,
        );
      this.#failed = true;
    }
  }

  #day(at: number): Day {
    const { days } = this.#counts;
    const day = Math.floor(at / DAY_MS);
    const last = days.at(-1);
    if (last?.day === day) return last;
    const known = days.find((one) => one.day === day);
    if (known) return known;
    const fresh: Day = { day, alarms: 0, ms: 0 };
    days.push(fresh);
    // A clock that jumped leaves days out of their order.
    days.sort((one, other) => one.day - other.day);
    const old = days.findIndex((one) => one.day > day - LATELY_DAYS);
    days.splice(0, old);
    return fresh;
  }
}

/** Undefined where the file is missing or makes no sense: then it counts anew, and says for how long. */
function read(path: string): Counts | undefined {
  try {
    const { model, days } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Counts>;
    if (!Array.isArray(days) || !days.every(isDay)) return undefined;
    return { model: model && typeof model.id === 'string' && isCount(model) ? model : undefined, days };
  } catch {
    return undefined;
  }
}

const isCount = ({ alarms, ms }: Partial<Day>): boolean => Number.isFinite(alarms) && Number.isFinite(ms);
const isDay = (day: Partial<Day> | null): boolean =>
  day !== null && Number.isInteger(day.day) && isCount(day);
