/** What a calibration made of rows that it was not told of. */
export interface TestedAlarms {
  /** How long these rows were. */
  readonly seconds: number;
  /** Excursions rarer than once in so many seconds were counted. */
  readonly level: number;
  /** Once in how many seconds each of them should have come, rarest first. */
  readonly reached: readonly number[];
}
