import { excursions } from '../lib/excess.ts';
import type { TestedAlarms } from '../model/machine-model.ts';

/** Excursions that are commoner than this would run into each other, in lengths of what parts two of them. */
const COMMONEST = 5;
/** Of a test so long as to have more, only the rarest are kept. */
const MOST = 200;

/** Gathers the return periods of rows that were judged by what was learned before them. */
export class TestedRows {
  readonly #stepSeconds: number;
  readonly #apart: number;
  readonly #level: number;
  #rows = 0;
  #reached: number[] = [];

  /** Excursions less than `apart` rows from each other are one. */
  constructor(stepSeconds: number, apart: number) {
    this.#stepSeconds = stepSeconds;
    this.#apart = apart;
    this.#level = COMMONEST * apart * stepSeconds;
  }

  /** Seconds, of rows that follow each other. */
  add(returnPeriods: Float64Array): void {
    this.#rows += returnPeriods.length;
    this.#reached.push(...excursions(returnPeriods, this.#level, this.#apart));
  }

  sum(): TestedAlarms {
    const reached = this.#reached.toSorted((one, other) => other - one);
    const level = Math.max(this.#level, reached[MOST] ?? 0);
    return {
      seconds: this.#rows * this.#stepSeconds,
      level,
      reached: reached.filter((seconds) => seconds > level),
    };
  }
}
