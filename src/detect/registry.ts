import type { Detector } from '../model/detector.ts';
import { createAutoencoder } from './autoencoder.ts';
import { createBaselines } from './baselines.ts';
import { createIsolationForest } from './isolation-forest.ts';

/** Every detector that ships. A model is scored by those of them that it was trained with, found by their names. */
export const DETECTORS: readonly Detector[] = [
  createIsolationForest() as Detector,
  createAutoencoder() as Detector,
  createBaselines() as Detector,
];
