import type { Detector } from '../model/detector.ts';
import { DETECTOR_NAMES, type DetectorName, SHIPPED_DETECTORS } from '../model/detector-names.ts';
import { createAutoencoder } from './autoencoder.ts';
import { createBaselines } from './baselines.ts';
import { createConvolution } from './convolution.ts';
import { createIsolationForest } from './isolation-forest.ts';
import { createLevelResidual } from './level-residual.ts';
import { createLstm } from './lstm.ts';
import { createNearestNeighbour } from './nearest-neighbour.ts';
import { createPrincipalResidual } from './principal-residual.ts';

const BY_NAME: Readonly<Record<DetectorName, Detector>> = {
  autoencoder: createAutoencoder() as Detector,
  'principal-residual': createPrincipalResidual() as Detector,
  'level-residual': createLevelResidual() as Detector,
  convolution: createConvolution() as Detector,
  'isolation-forest': createIsolationForest() as Detector,
  baselines: createBaselines() as Detector,
  'nearest-neighbour': createNearestNeighbour() as Detector,
  lstm: createLstm() as Detector,
};

/** In the order of DETECTOR_NAMES: the same names in another order make the same model. */
export const detectorsNamed = (names: readonly DetectorName[]): readonly Detector[] =>
  DETECTOR_NAMES.filter((name) => names.includes(name)).map((name) => BY_NAME[name]);

export const DEFAULT_DETECTORS: readonly Detector[] = detectorsNamed(SHIPPED_DETECTORS);

/** Every detector there is. A model is scored by those of them that it was trained with, found by their names. */
export const DETECTORS: readonly Detector[] = detectorsNamed(DETECTOR_NAMES);
