import type { Detector } from '../model/detector.ts';
import { createAutoencoder } from './autoencoder.ts';
import { createBaselines } from './baselines.ts';
import { createIsolationForest } from './isolation-forest.ts';
import { createLevelResidual } from './level-residual.ts';
import { createNearestNeighbour } from './nearest-neighbour.ts';
import { createPrincipalResidual } from './principal-residual.ts';

/**
 * Every detector that ships. The weights were chosen on labelled machines as a group: the forest and the baselines find less on
 * their own and follow the other two, but they have few assumptions, and keep a say.
 * A model is scored by those of them that it was trained with, found by their names.
 */
export const DETECTORS: readonly Detector[] = [
  createIsolationForest() as Detector,
  createAutoencoder() as Detector,
  createBaselines() as Detector,
  createPrincipalResidual() as Detector,
  createLevelResidual() as Detector,
  createNearestNeighbour() as Detector,
];
