import { UserError } from '../lib/errors.ts';
import { printable } from '../lib/text.ts';

/**
 * What ships: a model is learned with these where nothing else is asked for. They and their weights are what measures best together on
 * labelled machines as a group (docs/detection.md); the autoencoder has hardly a say, and is what other programs can run
 * (`homeostat model export`).
 */
export const SHIPPED_DETECTORS = [
  'autoencoder',
  'principal-residual',
  'level-residual',
  'convolution',
] as const;

/** Every detector there is, what ships first. */
export const DETECTOR_NAMES = [
  ...SHIPPED_DETECTORS,
  'isolation-forest',
  'baselines',
  'nearest-neighbour',
  'lstm',
] as const;

export type DetectorName = (typeof DETECTOR_NAMES)[number];

/** The named ones in the order of DETECTOR_NAMES, each once. Throws a UserError where there is none of a name. */
export function detectorNames(names: readonly string[]): readonly DetectorName[] {
  const unknown = names.find((name) => !DETECTOR_NAMES.some((known) => known === name));
  if (unknown !== undefined)
    throw new UserError(
      `no detector is named '${printable(unknown)}'; there are ${DETECTOR_NAMES.join(', ')}`,
    );
  return DETECTOR_NAMES.filter((name) => names.includes(name));
}
