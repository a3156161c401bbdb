import { readFileSync } from 'node:fs';
import { decodeContainer, encodeContainer, type Places } from '../lib/container.ts';
import { errorMessage, UserError } from '../lib/errors.ts';
import type { EncodedModel } from '../model/detector.ts';
import type { MachineModel } from '../model/machine-model.ts';

/**
 * A model file (`model-<id>.hsm`) is a container (`lib/container.ts`): its header is the model, its arrays are what the
 * detectors learned. The header carries what another program needs to use the model: `feature_names`, `feature_means`,
 * `feature_stds` (of values after `feature_compress`, see `model/scaling.ts`) and `suggested_threshold`.
 */
const KIND = 'HSMODEL\n';
/** Raised when a reader of the old format would misread the new one. */
const FORMAT = 2;
/** Models of format 1 were smoothed once only: they say so by what they leave out. */
const OLDEST_FORMAT = 1;

interface Header extends Omit<MachineModel, 'features' | 'scaling' | 'suggestedThreshold' | 'detectors'> {
  readonly format: number;
  readonly feature_names: readonly string[];
  readonly feature_compress: readonly number[];
  readonly feature_means: readonly number[];
  readonly feature_stds: readonly number[];
  readonly feature_matters?: readonly number[];
  readonly suggested_threshold: number;
  readonly detectors: readonly (Omit<MachineModel['detectors'][number], 'encoded'> & {
    readonly facts: EncodedModel['facts'];
    readonly arrays: Places;
  })[];
}

/** Reads a model; throws a UserError naming the file where it cannot be read, is damaged, or is of a newer version. */
export function readModelFile(path: string): MachineModel {
  try {
    return decodeModel(readFileSync(path));
  } catch (error) {
    throw new UserError(`model ${path}: ${errorMessage(error)}`, 1);
  }
}

export function encodeModel(model: MachineModel): Buffer {
  const { features, scaling, suggestedThreshold, detectors, ...rest } = model;
  return encodeContainer(
    KIND,
    (place): Header => ({
      format: FORMAT,
      ...rest,
      feature_names: features,
      feature_compress: scaling.compress,
      feature_means: scaling.means,
      feature_stds: scaling.deviations,
      ...(scaling.matters && { feature_matters: scaling.matters }),
      suggested_threshold: suggestedThreshold,
      detectors: detectors.map(({ encoded: { facts, arrays }, ...part }) => ({
        ...part,
        facts,
        arrays: place(arrays),
      })),
    }),
  );
}

/** Throws where the bytes are not a whole, undamaged model of a version that is known here. */
export function decodeModel(bytes: Buffer): MachineModel {
  const { header, arrays: read } = decodeContainer(KIND, bytes, 'model');
  const {
    format,
    feature_names,
    feature_compress,
    feature_means,
    feature_stds,
    feature_matters,
    suggested_threshold,
    detectors,
    ...rest
  } = header as Header;
  if (!(format >= OLDEST_FORMAT && format <= FORMAT)) {
    throw new Error(
      `has format ${format}, and this version reads ${OLDEST_FORMAT} to ${FORMAT}: update Homeostat`,
    );
  }
  return {
    ...rest,
    features: feature_names,
    scaling: {
      compress: feature_compress,
      means: feature_means,
      deviations: feature_stds,
      ...(feature_matters && { matters: feature_matters }),
    },
    suggestedThreshold: suggested_threshold,
    detectors: detectors.map(({ facts, arrays, ...part }) => ({
      ...part,
      encoded: { facts, arrays: read(arrays) },
    })),
  };
}
