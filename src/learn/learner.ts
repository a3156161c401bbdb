import { join } from 'node:path';
import { makePrivateDirectory } from '../lib/atomic-file.ts';
import type { Clock } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { LearningPhase, LearningState, TrainingProgress } from '../model/learning.ts';
import { type MachineModel, summaryOf } from '../model/machine-model.ts';
import { LONGEST_STEP_MS, Settling } from '../model/settling.ts';
import { readModelFile } from './model-file.ts';
import { loadLatest } from './model-folder.ts';
import { newNormalMs, nextTrainingMs, phaseFor } from './schedule.ts';
import { readSeen, writeSeen } from './seen.ts';

export interface TrainingRequest {
  readonly phase: MachineModel['phase'];
  /** ms since the epoch, inclusive and exclusive. */
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
  readonly seed: number;
}

export interface TrainingRun {
  /** The path of the model file; rejects with what went wrong. */
  readonly done: Promise<string>;
  /** Ends the training; `done` then rejects. */
  cancel(): void;
}

export interface LearnerOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Holds the models and `learning.json`. */
  readonly folder: string;
  readonly provisionalAfterMs?: number;
  readonly calibratedAfterMs?: number;
  readonly stepSeconds?: number;
  readonly seed?: number;
  /** Trains beside the collection. `onProgress`: `done` from 0 to 1. */
  startTraining(request: TrainingRequest, onProgress: (done: number, step: string) => void): TrainingRun;
  /** A model is there, at the start or after a training. Where it throws, the model is refused and the one before stays. */
  onModel(model: MachineModel): void;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const SAVE_EACH_MS = MINUTE;
const LONGEST_RETRY_MS = 60 * MINUTE;

/** Counts what was seen, starts the trainings when they are due, and knows how far the learning is. */
export class Learner {
  readonly #options: LearnerOptions;
  readonly #spans: { readonly provisionalAfterMs: number; readonly calibratedAfterMs: number };
  readonly #seenFile: string;
  #since: number | undefined;
  #seenMs = 0;
  #trainedMs: number | undefined;
  readonly #settling = new Settling();
  #lastAt: number | undefined;
  #savedMs = 0;
  #model: MachineModel | undefined;
  #run: TrainingRun | undefined;
  #training: TrainingProgress | undefined;
  #problem: string | undefined;
  #failures = 0;
  #retryAt = 0;
  #stopped = false;

  /** Loads the newest model that can be used, if there is one, and hands it to `onModel`. */
  constructor(options: LearnerOptions) {
    this.#options = options;
    this.#spans = {
      provisionalAfterMs: options.provisionalAfterMs ?? 10 * MINUTE,
      calibratedAfterMs: options.calibratedAfterMs ?? DAY,
    };
    makePrivateDirectory(options.folder);
    this.#seenFile = join(options.folder, 'learning.json');
    this.#model = loadLatest(options.folder, options.log, (model) => options.onModel(model));
    this.#recall();
  }

  /**
   * A sample was stored, taken at `at` (wall clock, ms). Starts a training when one is due; never throws.
   * `unusualSince`: when the anomaly that is open began. No training starts while it may still be one.
   */
  observe(at: number, unusualSince?: number): void {
    this.#since ??= at;
    const step = this.#lastAt === undefined ? 0 : at - this.#lastAt;
    this.#lastAt = at;
    if (!this.#settling.observe(at) && step > 0 && step <= LONGEST_STEP_MS) this.#seenMs += step;
    if (this.#seenMs - this.#savedMs >= SAVE_EACH_MS) this.#save();
    if (this.#run || this.#options.clock.monotonic() < this.#retryAt) return;
    if (unusualSince !== undefined && at - unusualSince < newNormalMs(this.#seenMs)) return;
    if (this.#seenMs >= nextTrainingMs(this.#trainedMs, this.#spans)) this.#train(at);
  }

  state(): LearningState {
    const phase: LearningPhase = this.#model?.phase ?? 'collecting';
    const { provisionalAfterMs, calibratedAfterMs } = this.#spans;
    const neededMs = {
      collecting: Math.min(provisionalAfterMs, calibratedAfterMs),
      provisional: calibratedAfterMs,
      calibrated: undefined,
    }[phase];
    return {
      phase,
      since: this.#since,
      seenMs: this.#seenMs,
      neededMs,
      nextPhase: neededMs === undefined ? undefined : phaseFor(neededMs, this.#spans),
      training: this.#training,
      model: this.#model && summaryOf(this.#model),
      problem: this.#problem,
    };
  }

  /** Ends a training that runs and saves what was seen. */
  stop(): void {
    this.#stopped = true;
    this.#run?.cancel();
    this.#save();
  }

  /** After a restart: what was saved, or, where that is lost, what the model had seen. */
  #recall(): void {
    const seen = readSeen(this.#seenFile);
    const model = this.#model;
    if (seen) {
      this.#since = seen.since;
      this.#seenMs = seen.seenMs;
      // Without a model nothing was learned, whatever was saved: the models were removed, or none can be used.
      this.#trainedMs = model && seen.trainedMs;
    } else if (model) {
      this.#since = model.trainedFrom;
      this.#seenMs = model.rows * model.stepSeconds * 1000;
      this.#trainedMs = this.#seenMs;
    }
    this.#savedMs = this.#seenMs;
  }

  #train(at: number): void {
    const seenMs = this.#seenMs;
    const to = at + 1;
    const request: TrainingRequest = {
      phase: phaseFor(seenMs, this.#spans),
      // Seconds are kept for a day.
      from: Math.max(this.#since ?? at, to - DAY),
      to,
      stepSeconds: this.#options.stepSeconds ?? 1,
      seed: this.#options.seed ?? 1,
    };
    const startedAt = this.#options.clock.now();
    this.#training = { startedAt, done: 0, step: 'starting' };
    try {
      this.#run = this.#options.startTraining(request, (done, step) => {
        this.#training = { startedAt, done, step };
      });
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#run.done
      .then((path) => this.#succeeded(path, seenMs))
      .catch((error: unknown) => this.#failed(error));
  }

  #succeeded(path: string, seenMs: number): void {
    const model = readModelFile(path);
    this.#options.onModel(model);
    this.#model = model;
    this.#trainedMs = seenMs;
    this.#problem = undefined;
    this.#failures = 0;
    this.#ended();
    this.#options.log.info(`learned a ${model.phase} model from ${model.rows} rows`, { model: model.id });
    this.#save();
  }

  /** Waits 1, 2, 4 ... minutes, an hour at most, before the next attempt. */
  #failed(error: unknown): void {
    if (this.#stopped) return;
    const waitMs = Math.min(LONGEST_RETRY_MS, MINUTE * 2 ** this.#failures++);
    this.#retryAt = this.#options.clock.monotonic() + waitMs;
    this.#problem = `training failed: ${errorMessage(error)}; next attempt in ${waitMs / MINUTE} min`;
    this.#ended();
    this.#options.log.warn(this.#problem);
  }

  #ended(): void {
    this.#run = undefined;
    this.#training = undefined;
  }

  #save(): void {
    if (this.#since === undefined) return;
    try {
      writeSeen(this.#seenFile, { since: this.#since, seenMs: this.#seenMs, trainedMs: this.#trainedMs });
      this.#savedMs = this.#seenMs;
    } catch (error) {
      this.#problem = `what was seen cannot be saved in ${this.#seenFile}: ${errorMessage(error)}`;
      // Tried again a minute later, not with each sample.
      this.#savedMs = this.#seenMs;
    }
  }
}
