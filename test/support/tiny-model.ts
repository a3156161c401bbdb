import type { MachineModel } from '../../src/model/machine-model.ts';

/** A model without features or detectors: for whoever keeps models and never scores with one. */
export function tinyModel(id: string, changes: Partial<MachineModel> = {}): MachineModel {
  return {
    id,
    phase: 'provisional',
    trainedAt: 2,
    trainedFrom: 1,
    trainedTo: 2,
    rows: 600,
    stepSeconds: 1,
    seed: 1,
    features: [],
    scaling: { compress: [], means: [], deviations: [] },
    detectors: [],
    calibration: {
      smoothingRows: 1,
      combined: { values: [], digits: [], scale: 1 },
      returns: { threshold: 0, rate: 1, scale: 1, longest: 1e7 },
      rows: 0,
    },
    suggestedThreshold: 1,
    bands: {},
    ...changes,
  };
}
