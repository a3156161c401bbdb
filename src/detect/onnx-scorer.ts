import { Worker } from 'node:worker_threads';
import { errorMessage } from '../lib/errors.ts';
import { workerFile } from '../lib/worker-file.ts';
import type { Detector, Scorer } from '../model/detector.ts';
import type { Reconstruction } from '../model/reconstruction.ts';
import { type OnnxOrder, type OnnxReport, OnnxRow } from './onnx-row.ts';

export interface OnnxOptions {
  /** The folder whose `node_modules` has `onnxruntime-node`; left out: it is looked for beside Homeostat. */
  readonly folder?: string;
  /** An ONNX model of standardised rows. */
  encode(reconstruction: Reconstruction): Uint8Array;
  /** Called once, when it begins to score: by which of the runtime's execution providers. */
  ready?(provider: string): void;
  /** Called once, when it cannot score, or no longer: the built-in scorer serves from then on. */
  trouble(reason: string): void;
}

/** A row takes well under a millisecond: whoever needs that long has died, and must not hold up the daemon. */
const PATIENCE_MS = 200;

/** The detectors, those of them that are networks run by ONNX Runtime, with the same scores. */
export function byOnnxRuntime(detectors: readonly Detector[], options: OnnxOptions): readonly Detector[] {
  return detectors.map((detector) =>
    detector.reconstruction
      ? {
          ...detector,
          scorer: (model) => new OnnxScorer(detector.reconstruction!(model), detector.scorer(model), options),
        }
      : detector,
  );
}

/**
 * Scores by ONNX Runtime in a thread of its own: its own interface is asynchronous, and a score is wanted within the
 * tick. Until the thread is ready, and after it failed, the built-in scorer serves.
 */
class OnnxScorer implements Scorer {
  readonly #builtin: Scorer;
  readonly #row: OnnxRow;
  readonly #options: OnnxOptions;
  #worker: Worker | undefined;
  #isReady = false;
  #isClosed = false;
  /** Whether the last row was scored by the built-in scorer. */
  #wasBuiltin = true;

  constructor(reconstruction: Reconstruction, builtin: Scorer, options: OnnxOptions) {
    const features = reconstruction.layers[0]!.inputs;
    const shared = new SharedArrayBuffer(OnnxRow.bytes(features));
    this.#builtin = builtin;
    this.#options = options;
    this.#row = new OnnxRow(features, shared);
    try {
      const order: OnnxOrder = {
        graph: options.encode(reconstruction),
        folder: options.folder,
        features,
        shared,
      };
      this.#worker = new Worker(workerFile('onnx-worker', import.meta.url), { workerData: order });
      this.#worker.on('message', (report: OnnxReport) => this.#told(report));
      this.#worker.on('error', (error) => this.#fail(errorMessage(error)));
      this.#worker.unref();
    } catch (error) {
      this.#fail(errorMessage(error));
    }
  }

  score(row: Float32Array, at: number): number {
    if (this.#isReady && this.#worker) {
      this.#row.values.set(row);
      this.#row.ask();
      this.#worker.postMessage(0);
      if (this.#row.wait(PATIENCE_MS)) {
        this.#wasBuiltin = false;
        return this.#row.score[0]!;
      }
      this.#fail(`it failed on a row, or took more than ${PATIENCE_MS} ms`);
    }
    this.#wasBuiltin = true;
    return this.#builtin.score(row, at);
  }

  contributions(into: Float32Array): void {
    if (this.#wasBuiltin) this.#builtin.contributions?.(into);
    else for (let column = 0; column < into.length; column++) into[column]! += this.#row.squares[column]!;
  }

  close(): void {
    this.#isClosed = true;
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #told(report: OnnxReport): void {
    if (this.#isClosed) return;
    if (report.type === 'trouble') {
      this.#fail(report.reason);
      return;
    }
    this.#isReady = true;
    this.#options.ready?.(report.provider);
  }

  #fail(reason: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#options.trouble(reason);
  }
}
