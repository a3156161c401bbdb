import { valueAt } from '../../lib/tail.ts';
import type { DetectorPart, MachineModel } from '../../model/machine-model.ts';
import { parseSeriesKey } from '../../model/metric.ts';
import type { Reconstruction } from '../../model/reconstruction.ts';
import type { Scaling } from '../../model/scaling.ts';
import type { Quantization } from './quantize.ts';

/** What is exported of a model: one detector, and all that leads from a row of raw values to its score. */
export interface ExportSource {
  readonly model: Omit<MachineModel, 'bands' | 'drift' | 'card'>;
  /** The detector's part of `model`. */
  readonly part: DetectorPart;
  /** The same as data. */
  readonly reconstruction: Reconstruction;
}

/** Names of what goes into and comes out of an exported graph, in every format. */
export const INPUT = 'features';
export const OUTPUTS = {
  score: 'score',
  reconstruction: 'reconstruction',
  squaredErrors: 'squared_errors',
} as const;

export const DESCRIPTIONS: Readonly<Record<string, string>> = {
  [INPUT]: 'One value for each of feature_names, in its unit; NaN where it is missing.',
  [OUTPUTS.score]: 'Mean of squared_errors over the features that are not missing: how unusual the row is.',
  [OUTPUTS.reconstruction]: 'What the features were expected to be, in their units.',
  [OUTPUTS.squaredErrors]: 'How far each feature was from that, in squared standard deviations.',
};

const DAY_SECONDS = 86_400;

/**
 * The score from which on scores, smoothed as `Smoother` does, are unusual: of the held-out rows that the detector
 * was calibrated on, as many reach it as there are days (their tail is extended where they were fewer).
 */
export function suggestedThreshold({ model, part }: ExportSource): number {
  return Math.exp(valueAt(part.tail, Math.max(1, Math.log10(DAY_SECONDS / model.stepSeconds))));
}

/** What a foreign user needs beside the graph; lists are JSON. */
export function metadataOf(
  source: ExportSource,
  quantization: Quantization,
): Readonly<Record<string, string>> {
  const { model, part, reconstruction } = source;
  const { features, scaling, calibration } = model;
  return {
    feature_names: JSON.stringify(features),
    feature_units: JSON.stringify(features.map((key) => parseSeriesKey(key)?.definition.unit ?? '')),
    feature_means: JSON.stringify(scaling.means),
    feature_stds: JSON.stringify(scaling.deviations),
    feature_compress: JSON.stringify(scaling.compress),
    suggested_threshold: String(suggestedThreshold(source)),
    smoothing_rows: String(calibration.smoothingRows),
    slow_smoothing_rows: String(calibration.slowSmoothing?.rows ?? calibration.smoothingRows),
    slow_smoothing_weight: String(calibration.slowSmoothing?.weight ?? 0),
    input_limit: String(reconstruction.inputLimit),
    error_limit: String(reconstruction.errorLimit),
    step_seconds: String(model.stepSeconds),
    detector: part.name,
    view: 'level',
    quantization,
    model_id: model.id,
    trained_from: new Date(model.trainedFrom).toISOString(),
    trained_to: new Date(model.trainedTo).toISOString(),
    standardisation:
      'done by the graph: z = (c(x) - mean) / std with c(x) = asinh(x / compress) where compress > 0, else x',
    score:
      'mean over the present features of (clip(z, error_limit) - network(clip(z, input_limit)))^2, missing features go in as 0',
    threshold:
      'compare it with (m * s^w)^(1 / (1 + w)), w = slow_smoothing_weight, of two exponential means, m += 2 / (smoothing_rows + 1) * (score - m) and s alike with slow_smoothing_rows: one row a day is expected to reach it',
  };
}

/** The scaling as float32 columns, prepared so that little precision is lost in them. */
export interface ScalingColumns {
  /** Of features that are compressed 1 / compress, of the others 1. */
  readonly perCompress: Float32Array;
  readonly compress: Float32Array;
  /** 1 where the feature is compressed. */
  readonly isCompressed: Uint8Array;
  /** The mean is `mean + meanRest`: a mean that is large beside its deviation would be too coarse as one float32. */
  readonly mean: Float32Array;
  readonly meanRest: Float32Array;
  readonly deviation: Float32Array;
}

export function columnsOf({ compress, means, deviations }: Scaling): ScalingColumns {
  return {
    perCompress: Float32Array.from(compress, (scale) => (scale > 0 ? 1 / scale : 1)),
    compress: Float32Array.from(compress, (scale) => (scale > 0 ? scale : 1)),
    isCompressed: Uint8Array.from(compress, (scale) => (scale > 0 ? 1 : 0)),
    mean: Float32Array.from(means),
    meanRest: Float32Array.from(means, (mean) => mean - Math.fround(mean)),
    deviation: Float32Array.from(deviations),
  };
}
