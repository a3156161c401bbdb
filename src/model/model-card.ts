/** The mean loss on either block after each epoch. */
export interface LossCurve {
  readonly train: readonly number[];
  readonly validate: readonly number[];
}

/** What a model was made of, as far as the model itself does not say it. Part of the model file, covered by its hash. */
export interface ModelCard {
  /** `history`: the stored one of this machine; `file`: raw telemetry, with the file's name. */
  readonly source: { readonly kind: 'history' } | { readonly kind: 'file'; readonly name: string };
  /** Times in the period without a usable row, excluded ones not counted, ms. */
  readonly gaps: { readonly count: number; readonly totalMs: number; readonly longestMs: number };
  /** Periods of anomalies that were left out, ms since the epoch. */
  readonly excluded: readonly { readonly from: number; readonly to: number }[];
  /** Rows of each block of time. */
  readonly blocks: { readonly train: number; readonly validate: number; readonly calibrate: number };
  /** Of the detectors that learn in epochs, by name. */
  readonly losses: Readonly<Record<string, LossCurve>>;
}
