import type { Detector } from '../model/detector.ts';
import { createAutoencoder } from './autoencoder.ts';
import { createBaselines } from './baselines.ts';
import { createIsolationForest } from './isolation-forest.ts';
import { createLevelResidual } from './level-residual.ts';
import { createNearestNeighbour } from './nearest-neighbour.ts';
import { createPrincipalResidual } from './principal-residual.ts';

/** Every detector there is. A model is scored by those of them that it was trained with, found by their names. */
export const DETECTORS: readonly Detector[] = [
  createIsolationForest() as Detector,
  createAutoencoder() as Detector,
  createBaselines() as Detector,
  createPrincipalResidual() as Detector,
  createLevelResidual() as Detector,
  createNearestNeighbour() as Detector,
];

/** Those that measure best together on labelled machines as a group (docs/detection.md): what models are trained with. */
const SHIPPED: readonly string[] = [
  'autoencoder',
  'principal-residual',
  'level-residual',
  'nearest-neighbour',
];

/** What ships: a new model is trained with these. */
export const DEFAULT_DETECTORS: readonly Detector[] = DETECTORS.filter(({ name }) => SHIPPED.includes(name));
