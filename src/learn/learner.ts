import { join } from 'node:path';
import { makePrivateDirectory } from '../lib/atomic-file.ts';
import { errorMessage } from '../lib/errors.ts';
import type { DriftState } from '../model/drift.ts';
import type { LearningPhase, LearningState, TrainingProgress } from '../model/learning.ts';
import type { MachineModel } from '../model/machine-model.ts';
import { LONGEST_STEP_MS, Settling } from '../model/settling.ts';
import type { Run } from './run.ts';
import { driftRetryMs, newNormalMs, nextTrainingMs, phaseFor } from './schedule.ts';
import { readSeen, writeSeen } from './seen.ts';
import { Succession, type SuccessionOptions } from './succession.ts';

export interface TrainingRequest {
  readonly phase: MachineModel['phase'];
  /** ms since the epoch, inclusive and exclusive. */
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
  readonly seed: number;
  /** What it is for, one line. */
  readonly reason: string;
}

/** `folder` holds `learning.json` too. */
export interface LearnerOptions extends SuccessionOptions {
  readonly provisionalAfterMs?: number;
  readonly calibratedAfterMs?: number;
  readonly stepSeconds?: number;
  readonly seed?: number;
  /** Trains beside the collection; gives the id of the candidate. `onProgress`: `done` from 0 to 1. */
  startTraining(request: TrainingRequest, onProgress: (done: number, step: string) => void): Run<string>;
  /** How far the machine is from what its model was trained on. */
  drift?(): DriftState | undefined;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const SAVE_EACH_MS = MINUTE;
const LONGEST_RETRY_MS = 60 * MINUTE;

/** Counts what was seen, starts the trainings when they are due or the machine has drifted, and knows how far the learning is. */
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
  readonly #succession: Succession;
  #modelId: string | undefined;
  /** How much had been seen when the last training began, whatever came of it. */
  #attemptedMs = 0;
  #run: Run<string> | undefined;
  #training: TrainingProgress | undefined;
  #problem: string | undefined;
  #failures = 0;
  #retryAt = 0;
  #stopped = false;

  /** Loads the model that is to score, if there is one, and hands it to `onModel`. */
  constructor(options: LearnerOptions) {
    this.#options = options;
    this.#spans = {
      provisionalAfterMs: options.provisionalAfterMs ?? 10 * MINUTE,
      calibratedAfterMs: options.calibratedAfterMs ?? DAY,
    };
    makePrivateDirectory(options.folder);
    this.#seenFile = join(options.folder, 'learning.json');
    this.#succession = new Succession(options);
    this.#recall();
  }

  /**
   * A sample was stored, taken at `at` (wall clock, ms). Starts a training when one is due; never throws.
   * `unusualSince`: when the anomaly that is open began. Learning stands still while it may still be one.
   * True where the machine is as it usually is, as far as is known, and something may be learned of it.
   */
  observe(at: number, unusualSince?: number): boolean {
    this.#since ??= at;
    const step = this.#lastAt === undefined ? 0 : at - this.#lastAt;
    this.#lastAt = at;
    const usableMs = !this.#settling.observe(at) && step > 0 && step <= LONGEST_STEP_MS ? step : 0;
    this.#seenMs += usableMs;
    if (this.#seenMs - this.#savedMs >= SAVE_EACH_MS) this.#save();
    const usual = unusualSince === undefined || at - unusualSince >= newNormalMs(this.#seenMs);
    if (!this.#run) this.#succession.observe(usual ? usableMs : 0);
    this.#adopt();
    if (usual) this.#trainWhereDue(at);
    return usual;
  }

  state(): LearningState {
    const model = this.#succession.current()?.summary;
    const phase = this.phase();
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
      model,
      shadow: this.#succession.shadow(),
      drift: this.#options.drift?.(),
      problem: this.#problem ?? this.#succession.problem(),
    };
  }

  phase(): LearningPhase {
    return this.#succession.current()?.summary.phase ?? 'collecting';
  }

  /** Whether a thread works beside the collection: what it does to the machine is no news. */
  isWorking(): boolean {
    return this.#run !== undefined || this.#succession.isComparing();
  }

  /** Ends a training that runs and saves what was seen. */
  stop(): void {
    this.#stopped = true;
    this.#run?.cancel();
    this.#succession.stop();
    this.#save();
  }

  /** After a restart: what was saved, or, where that is lost, what the model had seen. */
  #recall(): void {
    const seen = readSeen(this.#seenFile);
    const model = this.#succession.current();
    this.#modelId = model?.summary.id;
    if (seen) {
      this.#since = seen.since;
      this.#seenMs = seen.seenMs;
      // Without a model nothing was learned, whatever was saved: the models were removed, or none can be used.
      this.#trainedMs = model && seen.trainedMs;
    } else if (model) {
      this.#since = model.summary.trainedFrom;
      this.#seenMs = model.trainedMs;
      this.#trainedMs = this.#seenMs;
    }
    this.#attemptedMs = this.#trainedMs ?? 0;
    this.#savedMs = this.#seenMs;
  }

  /** A model that a person promoted may know more than was seen here: it is not replaced by one that knows less. */
  #adopt(): void {
    const model = this.#succession.current();
    if (!model || model.summary.id === this.#modelId) return;
    this.#modelId = model.summary.id;
    this.#trainedMs = Math.max(this.#trainedMs ?? 0, model.trainedMs);
  }

  #trainWhereDue(at: number): void {
    // One thread beside the collection is enough, and a candidate is judged before there is another one.
    if (this.isWorking() || this.#succession.shadow()) return;
    if (this.#options.clock.monotonic() < this.#retryAt) return;
    if (this.#seenMs >= nextTrainingMs(this.#trainedMs, this.#spans)) {
      this.#train(at, this.#trainedMs === undefined ? 'the first training' : 'the schedule');
      return;
    }
    const drift = this.#options.drift?.();
    if (!drift?.due || this.#seenMs - this.#attemptedMs < driftRetryMs(drift.windowMs)) return;
    this.#train(at, `${drift.drifted.length} of ${drift.metrics} metrics have drifted`);
  }

  #train(at: number, reason: string): void {
    const seenMs = this.#seenMs;
    this.#attemptedMs = seenMs;
    const to = at + 1;
    const request: TrainingRequest = {
      phase: phaseFor(seenMs, this.#spans),
      // Seconds are kept for a day.
      from: Math.max(this.#since ?? at, to - DAY),
      to,
      stepSeconds: this.#options.stepSeconds ?? 1,
      seed: this.#options.seed ?? 1,
      reason,
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
    this.#run.done.then((id) => this.#succeeded(id, seenMs)).catch((error: unknown) => this.#failed(error));
  }

  #succeeded(id: string, seenMs: number): void {
    this.#ended();
    this.#options.log.info(`trained the model ${id}`);
    this.#succession.trained(id);
    // A first model that cannot be used leaves the machine without one: that is a training that failed.
    if (!this.#succession.current()) throw new Error(this.#succession.problem());
    this.#trainedMs = seenMs;
    this.#problem = undefined;
    this.#failures = 0;
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
