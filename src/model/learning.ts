import type { DriftState } from './drift.ts';

/**
 * collecting: not enough seen, nobody is alarmed. provisional: a first model of a short time, findings say so.
 * calibrated: enough seen to know how rare a score is.
 */
export type LearningPhase = 'collecting' | 'provisional' | 'calibrated';

export interface TrainingProgress {
  readonly startedAt: number;
  /** 0 to 1. */
  readonly done: number;
  readonly step: string;
}

export interface LearningState {
  readonly phase: LearningPhase;
  /** When collection of the history that counts began, ms since the epoch; undefined before the first sample. */
  readonly since: number | undefined;
  /** ms of usable history seen, and what the next phase needs; `neededMs` is undefined once calibrated. */
  readonly seenMs: number;
  readonly neededMs: number | undefined;
  readonly nextPhase: LearningPhase | undefined;
  readonly training: TrainingProgress | undefined;
  /** The model that scores now. */
  readonly model: ModelSummary | undefined;
  /** A newer model that runs beside it and replaces it if it is not worse. */
  readonly shadow: ShadowState | undefined;
  /** How far the machine is from what the model was trained on; undefined before there is a model that can say. */
  readonly drift: DriftState | undefined;
  /** The last thing that went wrong with training or loading, one line. */
  readonly problem: string | undefined;
}

export interface ShadowState {
  readonly id: string;
  /** ms since the epoch. */
  readonly since: number;
  /** Usable time seen beside the current model, and how much is wanted, ms. */
  readonly seenMs: number;
  readonly neededMs: number;
}

export interface ModelSummary {
  readonly id: string;
  readonly phase: 'provisional' | 'calibrated';
  readonly trainedAt: number;
  readonly trainedFrom: number;
  readonly trainedTo: number;
  readonly rows: number;
  readonly features: number;
  readonly detectors: readonly string[];
}
