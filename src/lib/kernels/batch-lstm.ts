import { fillGlorot } from '../glorot.ts';
import type { Random } from '../random.ts';
import { type Kernels, kernels as ownKernels } from './load.ts';
import { Places } from './places.ts';
import type { Primitives } from './primitives.ts';
import { Trainable } from './trainable.ts';

/**
 * Where the parameters of a layer of LSTM cells with a linear read-out stand, from the first one on. The four parts of the
 * gates (input, forget, output, candidate; `hidden` rows each) see the row and then the layer's own last answer.
 */
export interface LstmLayout {
  /** 4 hidden x (columns + hidden), row-major. */
  readonly gates: number;
  readonly gateBiases: number;
  /** columns x hidden, row-major. */
  readonly readOut: number;
  readonly readOutBiases: number;
  readonly count: number;
}

export function lstmLayout(columns: number, hidden: number): LstmLayout {
  const gateBiases = 4 * hidden * (columns + hidden);
  const readOut = gateBiases + 4 * hidden;
  const readOutBiases = readOut + columns * hidden;
  return { gates: 0, gateBiases, readOut, readOutBiases, count: readOutBiases + columns };
}

/** At first a cell keeps what it holds: the forget gate's bias (Jozefowicz, Zaremba and Sutskever, 2015), of half a pre-activation. */
const KEEP = 0.5;

/** Random parameters to begin with. */
export function initialLstm(columns: number, hidden: number, random: Random): Float32Array {
  const { gates, gateBiases, readOut, readOutBiases, count } = lstmLayout(columns, hidden);
  const parameters = new Float32Array(count);
  fillGlorot(parameters.subarray(gates, gateBiases), columns + hidden, hidden, random);
  parameters.fill(KEEP, gateBiases + hidden, gateBiases + 2 * hidden);
  fillGlorot(parameters.subarray(readOut, readOutBiases), hidden, columns, random);
  return parameters;
}

export interface LstmShape {
  readonly columns: number;
  readonly hidden: number;
  /** Sequences side by side; a multiple of 8. */
  readonly lanes: number;
  /** Rows of each sequence that are learned from at once: as far back goes a gradient. */
  readonly steps: number;
}

/**
 * A layer of LSTM cells (Hochreiter and Schmidhuber, 1997; forget gates by Gers and others, 2000) with a linear read-out, that
 * learns to say `targets` from `inputs` by truncated back-propagation through time. What the cells hold after the last step is
 * where the next window begins. A gate is (1 + tanh z) / 2, that is the logistic function of 2 z.
 */
export class BatchLstm {
  readonly parameters: Float32Array;
  /** The gradient of the last `measure` with `slopes`, in the order of the parameters: of half the squared errors' sum. */
  readonly gradient: Float32Array;
  /** One for each step: feature `f` of lane `l` at `f * lanes + l`. */
  readonly inputs: readonly Float32Array[];
  /** As the inputs; a NaN has no say. */
  readonly targets: readonly Float32Array[];
  readonly #shape: LstmShape;
  readonly #layout: LstmLayout;
  readonly #primitives: Primitives;
  readonly #trainable: Trainable;
  /** Of each step: what the gates see (one more than there are steps: the last holds the last answer). */
  readonly #seen: readonly number[];
  readonly #cells: readonly number[];
  readonly #gates: readonly number[];
  /** tanh of the cells after each step. */
  readonly #squashed: readonly number[];
  readonly #targets: readonly number[];
  /** What each step's forecast was off. */
  readonly #misses: readonly number[];
  readonly #outputs: number;
  readonly #errors: number;
  readonly #gateSlopes: number;
  readonly #answerSlopes: number;
  readonly #laterSlopes: number;
  readonly #cellSlopes: number;
  /** A step's own share of the gradient. */
  readonly #share: number;

  constructor(shape: LstmShape, kernels: Kernels = ownKernels()) {
    const { columns, hidden, lanes, steps } = shape;
    const places = new Places();
    const layout = lstmLayout(columns, hidden);
    const take = (features: number): number => places.take(features * lanes);
    const each = (count: number, features: number): number[] =>
      Array.from({ length: count }, () => take(features));
    this.#shape = shape;
    this.#layout = layout;
    this.#trainable = new Trainable(places, layout.count);
    this.#share = places.take(layout.count);
    this.#seen = each(steps + 1, columns + hidden);
    this.#cells = each(steps + 1, hidden);
    this.#gates = each(steps, 4 * hidden);
    this.#squashed = each(steps, hidden);
    this.#targets = each(steps, columns);
    this.#misses = each(steps, columns);
    this.#outputs = take(columns);
    this.#errors = take(1);
    this.#gateSlopes = take(4 * hidden);
    this.#answerSlopes = take(hidden);
    this.#laterSlopes = take(hidden);
    this.#cellSlopes = take(hidden);
    this.#primitives = kernels.primitives(places.floats);
    const { memory } = this.#primitives;
    const { gradient } = this.#trainable;
    this.parameters = this.#trainable.of(memory);
    this.gradient = memory.subarray(gradient, gradient + layout.count);
    const views = (at: readonly number[]): Float32Array[] =>
      at.map((place) => memory.subarray(place, place + columns * lanes));
    this.inputs = views(this.#seen.slice(0, steps));
    this.targets = views(this.#targets);
  }

  /** The cells hold nothing, and gave nothing yet. */
  restart(): void {
    const { columns, hidden, lanes } = this.#shape;
    const { memory } = this.#primitives;
    const answer = this.#seen[0]! + columns * lanes;
    memory.fill(0, answer, answer + hidden * lanes);
    memory.fill(0, this.#cells[0]!, this.#cells[0]! + hidden * lanes);
  }

  /** The next window begins where this one ended. */
  proceed(): void {
    const { columns, hidden, lanes, steps } = this.#shape;
    const { memory } = this.#primitives;
    const answer = columns * lanes;
    const length = hidden * lanes;
    const last = this.#seen[steps]! + answer;
    memory.copyWithin(this.#seen[0]! + answer, last, last + length);
    memory.copyWithin(this.#cells[0]!, this.#cells[steps]!, this.#cells[steps]! + length);
  }

  /** One step of Adam. Gives the sum of squared errors before it. */
  learn(rate: number): number {
    const sum = this.measure();
    this.slopes();
    this.#trainable.step(this.#primitives, 1 / (this.#shape.lanes * this.#shape.steps), rate);
    return sum;
  }

  /** The sum of the squared errors over all targets that are there. */
  measure(): number {
    const { columns, hidden, lanes, steps } = this.#shape;
    const { gates, gateBiases, readOut, readOutBiases } = this.#layout;
    const { multiply, squash, differences, memory } = this.#primitives;
    const at = this.#trainable.parameters;
    const seen = columns + hidden;
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      const gate = this.#gates[step]!;
      multiply(at + gates, seen, 1, at + gateBiases, this.#seen[step]!, seen, gate, 4 * hidden, lanes);
      squash(gate, 4 * hidden * lanes);
      const answer = this.#seen[step + 1]! + columns * lanes;
      this.#fillCells(step, answer);
      const misses = this.#misses[step]!;
      const outputs = this.#outputs;
      multiply(at + readOut, hidden, 1, at + readOutBiases, answer, hidden, outputs, columns, lanes);
      differences(outputs, this.#targets[step]!, misses, this.#errors, columns, lanes);
      for (let place = misses; place < misses + columns * lanes; place++) sum += memory[place]! ** 2;
    }
    return sum;
  }

  #fillCells(step: number, answer: number): void {
    const { hidden, lanes } = this.#shape;
    const { memory, squash } = this.#primitives;
    const length = hidden * lanes;
    const gate = this.#gates[step]!;
    const [before, after, squashed] = [this.#cells[step]!, this.#cells[step + 1]!, this.#squashed[step]!];
    for (let index = 0; index < length; index++) {
      const input = 0.5 + 0.5 * memory[gate + index]!;
      const forget = 0.5 + 0.5 * memory[gate + length + index]!;
      const cell = forget * memory[before + index]! + input * memory[gate + 3 * length + index]!;
      memory[after + index] = cell;
      memory[squashed + index] = cell;
    }
    squash(squashed, length);
    const output = gate + 2 * length;
    for (let index = 0; index < length; index++)
      memory[answer + index] = (0.5 + 0.5 * memory[output + index]!) * memory[squashed + index]!;
  }

  /** Fills `gradient` for the window that was measured. */
  slopes(): void {
    const { columns, hidden, lanes, steps } = this.#shape;
    const { gates, gateBiases, readOut, readOutBiases } = this.#layout;
    const { multiply, gradients, memory } = this.#primitives;
    const { parameters } = this.#trainable;
    const seen = columns + hidden;
    const length = hidden * lanes;
    const share = this.#share;
    this.gradient.fill(0);
    memory.fill(0, this.#laterSlopes, this.#laterSlopes + length);
    memory.fill(0, this.#cellSlopes, this.#cellSlopes + length);
    for (let step = steps - 1; step >= 0; step--) {
      const misses = this.#misses[step]!;
      const answer = this.#seen[step + 1]! + columns * lanes;
      gradients(misses, columns, answer, hidden, share + readOut, share + readOutBiases, lanes);
      multiply(parameters + readOut, 1, hidden, 0, misses, columns, this.#answerSlopes, hidden, lanes);
      this.#slopesOfCells(step);
      const slopes = this.#gateSlopes;
      gradients(slopes, 4 * hidden, this.#seen[step]!, seen, share + gates, share + gateBiases, lanes);
      const ownAnswer = parameters + gates + columns;
      multiply(ownAnswer, 1, seen, 0, slopes, 4 * hidden, this.#laterSlopes, hidden, lanes);
      for (let index = 0; index < this.gradient.length; index++)
        this.gradient[index]! += memory[share + index]!;
    }
  }

  /** From the slopes of a step's answer to those of its gates, and of the cells before it. */
  #slopesOfCells(step: number): void {
    const { hidden, lanes } = this.#shape;
    const { memory } = this.#primitives;
    const length = hidden * lanes;
    const gate = this.#gates[step]!;
    const before = this.#cells[step]!;
    const squashed = this.#squashed[step]!;
    const [slopes, cells] = [this.#gateSlopes, this.#cellSlopes];
    for (let index = 0; index < length; index++) {
      const input = memory[gate + index]!;
      const forget = memory[gate + length + index]!;
      const output = memory[gate + 2 * length + index]!;
      const candidate = memory[gate + 3 * length + index]!;
      const held = memory[squashed + index]!;
      const answer = memory[this.#answerSlopes + index]! + memory[this.#laterSlopes + index]!;
      const cell = memory[cells + index]! + answer * (0.5 + 0.5 * output) * (1 - held * held);
      memory[slopes + index] = 0.5 * cell * candidate * (1 - input * input);
      memory[slopes + length + index] = 0.5 * cell * memory[before + index]! * (1 - forget * forget);
      memory[slopes + 2 * length + index] = 0.5 * answer * held * (1 - output * output);
      memory[slopes + 3 * length + index] = cell * (0.5 + 0.5 * input) * (1 - candidate * candidate);
      memory[cells + index] = cell * (0.5 + 0.5 * forget);
    }
  }
}
