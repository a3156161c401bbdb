import type { Detector } from '../model/detector.ts';
import { createAutoencoder } from './autoencoder.ts';
import { createBaselines } from './baselines.ts';
import { createConvolution } from './convolution.ts';
import { createIsolationForest } from './isolation-forest.ts';
import { createLevelResidual } from './level-residual.ts';
import { createLstm } from './lstm.ts';
import { createNearestNeighbour } from './nearest-neighbour.ts';
import { createPrincipalResidual } from './principal-residual.ts';

/**
 * What ships: a new model is trained with these. They and their weights are what measures best together on labelled machines as a
 * group (docs/detection.md); the autoencoder has hardly a say, and is what other programs can run (`homeostat model export`).
 */
export const DEFAULT_DETECTORS: readonly Detector[] = [
  createAutoencoder() as Detector,
  createPrincipalResidual() as Detector,
  createLevelResidual() as Detector,
  createConvolution() as Detector,
];

/** Every detector there is. A model is scored by those of them that it was trained with, found by their names. */
export const DETECTORS: readonly Detector[] = [
  ...DEFAULT_DETECTORS,
  createIsolationForest() as Detector,
  createBaselines() as Detector,
  createNearestNeighbour() as Detector,
  createLstm() as Detector,
];
