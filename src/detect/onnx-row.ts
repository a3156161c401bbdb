/** What the thread is told. */
export interface OnnxOrder {
  /** An ONNX model of standardised rows: `features` in; `score` and `squared_errors` out. */
  readonly graph: Uint8Array;
  /** The folder whose `node_modules` has `onnxruntime-node`; undefined: it is looked for beside Homeostat. */
  readonly folder: string | undefined;
  readonly features: number;
  readonly shared: SharedArrayBuffer;
}

/** What the thread tells. */
export type OnnxReport =
  | { readonly type: 'ready'; readonly provider: string }
  | { readonly type: 'trouble'; readonly reason: string };

const WAITING = 0;
export const ANSWERED = 1;
export const FAILED = 2;

/** One row and its answer in memory that both threads see: the one that asks sleeps until the other has answered. */
export class OnnxRow {
  readonly values: Float32Array;
  readonly squares: Float32Array;
  readonly score: Float32Array;
  readonly #state: Int32Array;

  static bytes(features: number): number {
    return 4 * (2 * features + 2);
  }

  constructor(features: number, shared: SharedArrayBuffer) {
    this.#state = new Int32Array(shared, 0, 1);
    this.score = new Float32Array(shared, 4, 1);
    this.values = new Float32Array(shared, 8, features);
    this.squares = new Float32Array(shared, 8 + 4 * features, features);
  }

  ask(): void {
    Atomics.store(this.#state, 0, WAITING);
  }

  answer(state: typeof ANSWERED | typeof FAILED): void {
    Atomics.store(this.#state, 0, state);
    Atomics.notify(this.#state, 0);
  }

  /** Whether there is an answer within `timeoutMs`; the calling thread does nothing else meanwhile. */
  wait(timeoutMs: number): boolean {
    Atomics.wait(this.#state, 0, WAITING, timeoutMs);
    return Atomics.load(this.#state, 0) === ANSWERED;
  }
}
