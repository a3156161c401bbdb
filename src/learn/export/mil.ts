import { littleEndian, ProtoWriter } from '../../lib/protobuf.ts';
import type { WeightsFile } from './coreml-weights.ts';

/**
 * The program inside a Core ML model: operations of Apple's Model Intermediate Language by its public format
 * (coremltools, mlmodel/format/MIL.proto; the numbers below are its fields'). Values are known by their names; each
 * method that makes one returns its name.
 */
export type MilType = 'bool' | 'string' | 'float16' | 'float32' | 'int8' | 'int32';

/** MIL.proto, DataType. */
const TYPES: Readonly<Record<MilType, number>> = {
  bool: 1,
  string: 2,
  float16: 10,
  float32: 11,
  int8: 21,
  int32: 23,
};

/** Operations that exist from iOS 16 and macOS 13 on. */
const OPSET = 'CoreML6';
const VERSION = 1;

export type MilArray = Float32Array | Float16Array | Int8Array | Uint8Array;

/** As Apple's own converter: what is shorter stands in the program, the rest in the file of weights. */
const LEAST_IN_FILE = 10;

export class MilProgram {
  readonly #weights: WeightsFile;
  readonly #operations: ProtoWriter[] = [];
  readonly #inputs: ProtoWriter[] = [];

  constructor(weights: WeightsFile) {
    this.#weights = weights;
  }

  input(name: string, shape: readonly number[]): string {
    this.#inputs.push(named(name, 'float32', shape));
    return name;
  }

  /** Applies an operation to named values. */
  operation(
    operation: string,
    inputs: Readonly<Record<string, string>>,
    output: string,
    type: MilType,
    shape: readonly number[],
  ): string {
    const bindings = Object.entries(inputs).map(([parameter, value]) => [
      parameter,
      new ProtoWriter().message(1, new ProtoWriter().string(1, value)),
    ]);
    this.#add(operation, output, type, shape, Object.fromEntries(bindings), {});
    return output;
  }

  /** An operation at compile time, whose arguments are values. */
  constexpr(
    operation: string,
    values: Readonly<Record<string, ProtoWriter>>,
    output: string,
    type: MilType,
    shape: readonly number[],
  ): string {
    this.#add(operation, output, type, shape, {}, values);
    return output;
  }

  constant(name: string, type: MilType, shape: readonly number[], value: ProtoWriter): string {
    this.#add('const', name, type, shape, {}, { val: value });
    return name;
  }

  tensor(name: string, data: MilArray, shape: readonly number[]): string {
    return this.constant(name, typeOf(data), shape, this.array(data, shape));
  }

  /** A value of an array; booleans are a Uint8Array of 0 and 1. */
  array(data: MilArray, shape: readonly number[]): ProtoWriter {
    const type = typeOf(data);
    if (data.length >= LEAST_IN_FILE && !(data instanceof Uint8Array)) {
      const blob = new ProtoWriter().string(1, this.#weights.path).uint(2, this.#weights.add(data));
      return new ProtoWriter().message(2, valueType(type, shape)).message(5, blob);
    }
    return immediate(type, shape, tensorValue(data));
  }

  encode(outputs: readonly string[]): ProtoWriter {
    const block = new ProtoWriter();
    for (const output of outputs) block.string(2, output);
    for (const operation of this.#operations) block.message(3, operation);
    const main = new ProtoWriter();
    for (const input of this.#inputs) main.message(1, input);
    main.string(2, OPSET).map(3, { [OPSET]: block });
    return new ProtoWriter().uint(1, VERSION).map(2, { main });
  }

  #add(
    operation: string,
    output: string,
    type: MilType,
    shape: readonly number[],
    inputs: Readonly<Record<string, ProtoWriter>>,
    attributes: Readonly<Record<string, ProtoWriter>>,
  ): void {
    this.#operations.push(
      new ProtoWriter()
        .string(1, operation)
        .map(2, inputs)
        .message(3, named(output, type, shape))
        .map(5, { name: text(output), ...attributes }),
    );
  }
}

/** Values of no dimension, and lists of whole numbers. */
export const text = (value: string): ProtoWriter =>
  immediate('string', [], new ProtoWriter().message(4, new ProtoWriter().string(1, value)));
export const bool = (value: boolean): ProtoWriter =>
  immediate('bool', [], tensorValue(Uint8Array.of(Number(value))));
export const float32 = (value: number): ProtoWriter =>
  immediate('float32', [], tensorValue(Float32Array.of(value)));
export const int32 = (value: number): ProtoWriter => immediate('int32', [], integers([value]));
export const int32List = (values: readonly number[]): ProtoWriter =>
  immediate('int32', [values.length], integers(values));

const integers = (values: readonly number[]): ProtoWriter =>
  new ProtoWriter().message(2, new ProtoWriter().uints(1, values));

/** TensorValue: float32 and bool have lists of their own, all else is bytes. */
function tensorValue(data: MilArray): ProtoWriter {
  if (data instanceof Float32Array) return new ProtoWriter().message(1, new ProtoWriter().floats(1, data));
  if (data instanceof Uint8Array) return new ProtoWriter().message(3, new ProtoWriter().uints(1, [...data]));
  return new ProtoWriter().message(7, new ProtoWriter().bytes(1, littleEndian(data)));
}

function typeOf(data: MilArray): MilType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float16Array) return 'float16';
  return data instanceof Int8Array ? 'int8' : 'bool';
}

function immediate(type: MilType, shape: readonly number[], value: ProtoWriter): ProtoWriter {
  return new ProtoWriter().message(2, valueType(type, shape)).message(3, new ProtoWriter().message(1, value));
}

const named = (name: string, type: MilType, shape: readonly number[]): ProtoWriter =>
  new ProtoWriter().string(1, name).message(2, valueType(type, shape));

/** ValueType of a TensorType with dimensions of known size. */
function valueType(type: MilType, shape: readonly number[]): ProtoWriter {
  const tensor = new ProtoWriter().uint(1, TYPES[type]).uint(2, shape.length);
  for (const size of shape) {
    tensor.message(3, new ProtoWriter().message(1, new ProtoWriter().uint(1, size)));
  }
  return new ProtoWriter().message(1, tensor);
}
