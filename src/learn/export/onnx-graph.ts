import { littleEndian, ProtoWriter } from '../../lib/protobuf.ts';

/** TensorProto.DataType. */
export const ONNX_TYPE = { float: 1, int8: 3, int64: 7, bool: 9, float16: 10 } as const;
/** Operators of this set, in this representation, are read by every ONNX Runtime from 1.15 on. */
const OPSET = 17;
const IR_VERSION = 8;
/** AttributeProto.AttributeType. */
const INT_ATTRIBUTE = 2;

type TensorData = Float32Array | Float16Array | Int8Array | Uint8Array | BigInt64Array;

/** A dimension that is a name may have any length. */
type Shape = readonly (number | string)[];

/**
 * Builds an ONNX ModelProto (github.com/onnx/onnx, onnx.proto; the numbers are its fields'). Values are known by their names:
 * each method that makes one returns its name.
 */
export class OnnxGraph {
  readonly #nodes: ProtoWriter[] = [];
  readonly #initializers: ProtoWriter[] = [];
  readonly #inputs: ProtoWriter[] = [];
  readonly #outputs: ProtoWriter[] = [];

  input(name: string, shape: Shape, description: string): string {
    this.#inputs.push(valueInfo(name, shape, description));
    return name;
  }

  output(name: string, shape: Shape, description: string): void {
    this.#outputs.push(valueInfo(name, shape, description));
  }

  /** A tensor of constants; no dimensions make a scalar. */
  constant(name: string, data: TensorData, dimensions: readonly number[]): string {
    const tensor = new ProtoWriter().uints(1, dimensions).uint(2, typeOf(data)).string(8, name);
    this.#initializers.push(tensor.bytes(9, littleEndian(data)));
    return name;
  }

  scalar(name: string, value: number): string {
    return this.constant(name, Float32Array.of(value), []);
  }

  /** Uint8Array of 0 and 1. */
  booleans(name: string, data: Uint8Array, dimensions: readonly number[]): string {
    const tensor = new ProtoWriter().uints(1, dimensions).uint(2, ONNX_TYPE.bool).string(8, name);
    this.#initializers.push(tensor.bytes(9, data));
    return name;
  }

  /** Applies an operator; attributes are whole numbers. */
  node(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, number>> = {},
  ): string {
    const node = new ProtoWriter();
    for (const input of inputs) node.string(1, input);
    node.string(2, output).string(3, `${operator}_${output}`).string(4, operator);
    for (const [name, value] of Object.entries(attributes)) {
      node.message(5, new ProtoWriter().string(1, name).uint(3, value).uint(20, INT_ATTRIBUTE));
    }
    this.#nodes.push(node);
    return output;
  }

  encode(name: string, description: string, metadata: Readonly<Record<string, string>>): Uint8Array {
    const graph = new ProtoWriter();
    for (const node of this.#nodes) graph.message(1, node);
    graph.string(2, name);
    for (const initializer of this.#initializers) graph.message(5, initializer);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    const model = new ProtoWriter()
      .uint(1, IR_VERSION)
      .string(2, 'homeostat')
      .string(6, description)
      .message(7, graph)
      .message(8, new ProtoWriter().string(1, '').uint(2, OPSET));
    for (const [key, value] of Object.entries(metadata))
      model.message(14, new ProtoWriter().string(1, key).string(2, value));
    return model.finish();
  }
}

function typeOf(data: TensorData): number {
  if (data instanceof Float32Array) return ONNX_TYPE.float;
  if (data instanceof Float16Array) return ONNX_TYPE.float16;
  return data instanceof BigInt64Array ? ONNX_TYPE.int64 : ONNX_TYPE.int8;
}

/** Of float32; ValueInfoProto with a TypeProto.Tensor. */
function valueInfo(name: string, shape: Shape, description: string): ProtoWriter {
  const dimensions = new ProtoWriter();
  for (const size of shape) {
    const dimension = new ProtoWriter();
    dimensions.message(1, typeof size === 'string' ? dimension.string(2, size) : dimension.uint(1, size));
  }
  const tensor = new ProtoWriter().uint(1, ONNX_TYPE.float).message(2, dimensions);
  return new ProtoWriter()
    .string(1, name)
    .message(2, new ProtoWriter().message(1, tensor))
    .string(3, description);
}
