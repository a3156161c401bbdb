import type { Comparison } from './comparison.ts';

/**
 * candidate: trained, not yet judged. current: it scores. previous: what a rollback returns to.
 * retired: replaced, refused or rolled back; it can be promoted as long as its file is kept.
 */
export type ModelState = 'candidate' | 'current' | 'previous' | 'retired';

export interface ModelEvent {
  /** ms since the epoch. */
  readonly at: number;
  readonly state: ModelState;
  /** One line for people. */
  readonly reason: string;
}

/** One model of the folder, as the registry knows it. */
export interface RegisteredModel {
  readonly id: string;
  /** Its file's name in the folder, size, and SHA-256 of the whole file in hexadecimal. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The daemon judges its own candidates; those of a command wait for a person. */
  readonly trainedBy: 'daemon' | 'command';
  readonly state: ModelState;
  /** What became of it, oldest first; the last one is what it is now. */
  readonly events: readonly ModelEvent[];
  /** How it stood beside the one before it. */
  readonly comparison?: Comparison;
}
