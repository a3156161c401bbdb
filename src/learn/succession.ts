import type { Clock } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Comparison } from '../model/comparison.ts';
import type { ModelSummary, ShadowState } from '../model/learning.ts';
import { type MachineModel, summaryOf } from '../model/machine-model.ts';
import type { RegisteredModel } from '../model/registered-model.ts';
import { ModelRegistry } from './model-registry.ts';
import type { Run } from './run.ts';
import { shadowMs } from './schedule.ts';

export interface ComparisonRequest {
  /** Ids of models of the folder. */
  readonly current: string;
  readonly candidate: string;
  /** The block, ms since the epoch: after both trainings. */
  readonly from: number;
  readonly to: number;
}

export interface SuccessionOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Holds the models and their registry. */
  readonly folder: string;
  /** Scores the block with both models, beside the collection. */
  startComparison(request: ComparisonRequest): Run<Comparison>;
  /** A model is to score from now on. Where it throws, the model is refused and the one before stays. */
  onModel(model: MachineModel): void;
}

/** How often the registry is looked at for what a command changed, ms. */
const POLL_MS = 2000;
/** The rows right after a training still show it, ms. */
const SETTLED_MS = 15_000;
/** A comparison that fails is tried again after another shadow period, so often. */
const MOST_ATTEMPTS = 3;

/** Which model scores, and which one waits beside it for its turn. */
export class Succession {
  readonly #options: SuccessionOptions;
  readonly #registry: ModelRegistry;
  #model: ModelSummary | undefined;
  #modelMs = 0;
  #shadow: ShadowState | undefined;
  #attempts = 0;
  #run: Run<Comparison> | undefined;
  #polledAt = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;
  #stopped = false;

  /** Loads the model that is to score, if there is one, and hands it to `onModel`. */
  constructor(options: SuccessionOptions) {
    this.#options = options;
    this.#registry = new ModelRegistry(options.folder);
    this.#poll();
    const waiting = this.#registry.models().findLast(isOwnCandidate);
    if (waiting) this.#admit(waiting.id, waiting.events.at(-1)!.at);
  }

  /** The model that scores, and the usable time that it was trained on, ms. */
  current(): { readonly summary: ModelSummary; readonly trainedMs: number } | undefined {
    return this.#model && { summary: this.#model, trainedMs: this.#modelMs };
  }

  shadow(): ShadowState | undefined {
    return this.#shadow;
  }

  /** The last thing that went wrong with a model, one line. */
  problem(): string | undefined {
    return this.#problem;
  }

  /** Whether a comparison runs beside. */
  isComparing(): boolean {
    return this.#run !== undefined;
  }

  /** A training has put this candidate into the folder. The first model of a machine scores at once. */
  trained(id: string): void {
    this.#problem = undefined;
    this.#admit(id, this.#options.clock.now());
  }

  /** `since`: when its training was over. */
  #admit(id: string, since: number): void {
    if (!this.#model) this.#promote(id, 'the first model');
    else if (this.#registry.line().includes(this.#model.id)) this.#begin(id, since);
    else this.#promote(id, 'the file of the one before it is gone');
  }

  /** `usableMs` of the machine as it usually is have passed. Takes up what a command changed; compares when it is time. */
  observe(usableMs: number): void {
    const now = this.#options.clock.monotonic();
    if (now - this.#polledAt >= POLL_MS) {
      this.#polledAt = now;
      this.#guard(() => this.#poll());
    }
    const shadow = this.#shadow;
    if (!shadow || this.#run) return;
    this.#shadow = { ...shadow, seenMs: shadow.seenMs + usableMs };
    if (this.#shadow.seenMs >= shadow.neededMs) this.#compare(this.#shadow);
  }

  stop(): void {
    this.#stopped = true;
    this.#run?.cancel();
  }

  #poll(): void {
    if (!this.#registry.changed()) return;
    this.#takeUp();
    const { id } = this.#shadow ?? {};
    if (id === undefined) return;
    const waits = this.#registry.models().some((model) => model.id === id && model.state === 'candidate');
    if (!waits) this.#shadow = undefined;
  }

  /** The current model of the registry scores; one that cannot is refused, and the one before it is tried. */
  #takeUp(): void {
    const { log, onModel } = this.#options;
    for (const id of this.#registry.line()) {
      if (id === this.#model?.id) return;
      try {
        const model = this.#registry.load(id);
        onModel(model);
        this.#model = summaryOf(model);
        this.#modelMs = model.rows * model.stepSeconds * 1000;
        log.info(`the model ${id} scores from now on`);
        return;
      } catch (error) {
        this.#refuse(id, error);
      }
    }
  }

  #refuse(id: string, error: unknown): void {
    const { clock, log } = this.#options;
    this.#problem = `the model ${id} was refused: ${errorMessage(error)}`;
    log.warn(`${this.#problem}; the one before it is used`);
    this.#guard(() => this.#registry.refuse(id, clock.now(), `cannot be used: ${errorMessage(error)}`));
  }

  #begin(id: string, since: number): void {
    try {
      const model = this.#registry.load(id);
      const neededMs = shadowMs(model.rows * model.stepSeconds * 1000);
      this.#attempts = 0;
      this.#shadow = { id, since, seenMs: 0, neededMs };
    } catch (error) {
      this.#refuse(id, error);
    }
  }

  #compare({ id, since }: ShadowState): void {
    const { clock, startComparison } = this.#options;
    this.#attempts++;
    try {
      this.#run = startComparison({
        current: this.#model!.id,
        candidate: id,
        from: since + SETTLED_MS,
        to: clock.now(),
      });
    } catch (error) {
      this.#notCompared(id, error);
      return;
    }
    this.#run.done
      .then((comparison) => this.#judged(id, comparison))
      .catch((error: unknown) => this.#notCompared(id, error))
      .finally(() => {
        this.#run = undefined;
      });
  }

  #judged(id: string, comparison: Comparison): void {
    // A person may have decided in the meantime.
    if (this.#stopped || this.#shadow?.id !== id || this.#model?.id !== comparison.current.id) return;
    const { clock, log } = this.#options;
    this.#shadow = undefined;
    const besides = `${comparison.current.id} on ${comparison.rows} later rows`;
    if (comparison.worse.length === 0) {
      this.#promote(id, `not worse than ${besides}`, comparison);
      return;
    }
    const reason = `worse than ${besides}: ${comparison.worse.join('; ')}`;
    log.info(`the model ${id} is not used: ${reason}`);
    this.#guard(() => this.#registry.refuse(id, clock.now(), reason, comparison));
  }

  #notCompared(id: string, error: unknown): void {
    if (this.#stopped || this.#shadow?.id !== id) return;
    const { clock, log } = this.#options;
    const reason = `could not be compared: ${errorMessage(error)}`;
    log.warn(`the model ${id} ${reason}`);
    if (this.#attempts < MOST_ATTEMPTS) {
      this.#shadow = { ...this.#shadow, seenMs: 0 };
      return;
    }
    this.#shadow = undefined;
    this.#problem = `the model ${id} ${reason}`;
    this.#guard(() => this.#registry.refuse(id, clock.now(), reason));
  }

  #promote(id: string, reason: string, comparison?: Comparison): void {
    this.#guard(() => this.#registry.promote(id, this.#options.clock.now(), reason, comparison));
    this.#takeUp();
  }

  /** A disk that refuses the models does not stop the daemon: it goes on with the one that it has. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      const problem = `the models in ${this.#options.folder}: ${errorMessage(error)}`;
      // Once, not with each look at them.
      if (problem !== this.#problem) this.#options.log.warn(problem);
      this.#problem = problem;
    }
  }
}

const isOwnCandidate = ({ state, trainedBy }: RegisteredModel): boolean =>
  state === 'candidate' && trainedBy === 'daemon';
