import { createHash } from 'node:crypto';
import { ProtoWriter } from '../../lib/protobuf.ts';
import type { DenseLayer, Reconstruction } from '../../model/reconstruction.ts';
import type { Scaling } from '../../model/scaling.ts';
import { WeightsFile } from './coreml-weights.ts';
import { bool, float32, int32, int32List, type MilArray, MilProgram, type MilType, text } from './mil.ts';
import { type Quantization, quantize } from './quantize.ts';
import { columnsOf, DESCRIPTIONS, type ExportSource, INPUT, metadataOf, OUTPUTS } from './source.ts';

/** iOS 16, macOS 13. */
const SPECIFICATION_VERSION = 7;
/** ArrayFeatureType.ArrayDataType. */
const FLOAT32 = 65568;
/** What the logarithm is limited to from below, as Core ML's own default: never reached here. */
const EPSILON = 1e-45;

/**
 * The detector as a Core ML package (`.mlpackage`): the files of its folder by their paths. An ML Program that takes one row
 * and gives what the ONNX model gives. Everything is float32, but where the weights are quantized the network itself is
 * computed in float16, which is all that the Neural Engine knows.
 */
export function encodeCoreMl(
  source: ExportSource,
  quantization: Quantization,
): ReadonlyMap<string, Uint8Array> {
  const { model, part, reconstruction } = source;
  const weights = new WeightsFile();
  const builder = new Builder(new MilProgram(weights), model.features.length);
  const features = builder.program.input(INPUT, builder.row);
  // Only NaN differs from itself.
  const missing = builder.program.operation(
    'not_equal',
    { x: features, y: features },
    'missing',
    'bool',
    builder.row,
  );
  const standardised = standardise(builder, features, model.scaling);
  const network = score(builder, standardised, missing, reconstruction, quantization);
  unscale(builder, network, model.scaling);
  const outputs = Object.values(OUTPUTS);
  const description = new ProtoWriter().message(1, feature(INPUT, builder.row));
  for (const output of outputs)
    description.message(10, feature(output, output === OUTPUTS.score ? [1] : builder.row));
  const metadata = new ProtoWriter()
    .string(
      1,
      `How unusual a row of a machine's metrics is, by the ${part.name} of Homeostat's model ${model.id}`,
    )
    .string(3, 'homeostat')
    .map(100, metadataOf(source, quantization));
  const spec = new ProtoWriter()
    .uint(1, SPECIFICATION_VERSION)
    .message(2, description.message(100, metadata))
    .message(502, builder.program.encode(outputs))
    .finish();
  return packageOf(spec, weights.encode());
}

/** Operations on rows: all of them are [1, features] float32 but where it is said. */
class Builder {
  readonly program: MilProgram;
  readonly row: readonly number[];

  constructor(program: MilProgram, features: number) {
    this.program = program;
    this.row = [1, features];
  }

  /** x, or x and y. */
  apply(operation: string, output: string, x: string, y?: string): string {
    return this.program.operation(operation, y === undefined ? { x } : { x, y }, output, 'float32', this.row);
  }

  constant(name: string, data: MilArray): string {
    return this.program.tensor(name, data, this.row);
  }

  select(cond: string, a: string, b: string, output: string): string {
    return this.program.operation('select', { cond, a, b }, output, 'float32', this.row);
  }

  cast(x: string, to: 'fp16' | 'fp32', output: string, shape: readonly number[]): string {
    const dtype = this.program.constant(`${output}_type`, 'string', [], text(to));
    return this.program.operation('cast', { x, dtype }, output, to === 'fp16' ? 'float16' : 'float32', shape);
  }

  clip(x: string, limit: number, output: string): string {
    const alpha = this.program.constant(`${output}_low`, 'float32', [], float32(-limit));
    const beta = this.program.constant(`${output}_high`, 'float32', [], float32(limit));
    return this.program.operation('clip', { x, alpha, beta }, output, 'float32', this.row);
  }

  /** Over the features: one number a row. */
  sum(x: string, output: string): string {
    const axes = this.program.constant(`${output}_axes`, 'int32', [1], int32List([1]));
    const keep_dims = this.program.constant(`${output}_keep`, 'bool', [], bool(false));
    return this.program.operation('reduce_sum', { x, axes, keep_dims }, output, 'float32', [1]);
  }
}

/** As `standardise` of `onnx.ts`. There is no asinh: it is sign(x) log(|x| + sqrt(x^2 + 1)). */
function standardise(builder: Builder, features: string, scaling: Scaling): string {
  const { perCompress, isCompressed, mean, meanRest, deviation } = columnsOf(scaling);
  let values = features;
  if (isCompressed.includes(1)) {
    const scaled = builder.apply('mul', 'scaled', features, builder.constant('per_compress', perCompress));
    const ones = builder.constant('unit', new Float32Array(perCompress.length).fill(1));
    const squared = builder.apply('mul', 'squared', scaled, scaled);
    const root = builder.apply('sqrt', 'root', builder.apply('add', 'squared_and_one', squared, ones));
    const magnitude = builder.apply('abs', 'magnitude', scaled);
    const x = builder.apply('add', 'grown', magnitude, root);
    const epsilon = builder.program.constant('log_epsilon', 'float32', [], float32(EPSILON));
    const log = builder.program.operation('log', { x, epsilon }, 'logarithm', 'float32', builder.row);
    const compressed = builder.apply('mul', 'compressed', log, builder.apply('sign', 'direction', scaled));
    values = builder.select(builder.constant('is_compressed', isCompressed), compressed, features, 'values');
  }
  const near = builder.apply('sub', 'near', values, builder.constant('mean', mean));
  const centred = builder.apply('sub', 'centred', near, builder.constant('mean_rest', meanRest));
  return builder.apply('real_div', 'standardised', centred, builder.constant('deviation', deviation));
}

/** Makes `score` and `squared_errors`; the network's own output is returned. */
function score(
  builder: Builder,
  standardised: string,
  missing: string,
  { layers, inputLimit, errorLimit }: Reconstruction,
  quantization: Quantization,
): string {
  const width = builder.row[1]!;
  const zeros = builder.constant('zeros', new Float32Array(width));
  const present = builder.select(missing, zeros, standardised, 'present');
  const compared = builder.clip(present, errorLimit, 'compared');
  const limited = builder.clip(present, inputLimit, 'network_input');
  const half = quantization !== 'none';
  const from = half ? builder.cast(limited, 'fp16', 'network_half_input', builder.row) : limited;
  const last = layers.reduce(
    (values, layer, index) => dense(builder.program, values, layer, `layer${index + 1}`, quantization),
    from,
  );
  const network = half ? builder.cast(last, 'fp32', 'network', builder.row) : last;
  const difference = builder.apply('sub', 'difference', compared, network);
  const error = builder.select(missing, zeros, difference, 'error');
  const squares = builder.apply('mul', OUTPUTS.squaredErrors, error, error);
  const counted = builder.constant('counted', new Float32Array(width).fill(1));
  const total = builder.sum(squares, 'total');
  const count = builder.sum(builder.select(missing, zeros, counted, 'there'), 'count');
  const one = builder.program.tensor('one', Float32Array.of(1), [1]);
  const { program } = builder;
  const y = program.operation('maximum', { x: count, y: one }, 'divisor', 'float32', [1]);
  program.operation('real_div', { x: total, y }, OUTPUTS.score, 'float32', [1]);
  return network;
}

function dense(
  program: MilProgram,
  x: string,
  { inputs, outputs, weights, biases, activation }: DenseLayer,
  name: string,
  quantization: Quantization,
): string {
  const rounded = quantize(weights, outputs, quantization);
  const type: MilType = rounded.type === 'none' ? 'float32' : 'float16';
  const weight =
    rounded.type === 'int8'
      ? dequantized(program, rounded.values, rounded.scales, [outputs, inputs], `${name}_weights`)
      : program.tensor(`${name}_weights`, rounded.values, [outputs, inputs]);
  const offsets = type === 'float32' ? biases : Float16Array.from(biases);
  const bias = program.tensor(`${name}_biases`, offsets, [outputs]);
  const shape = [1, outputs];
  const sum = program.operation('linear', { x, weight, bias }, `${name}_sum`, type, shape);
  return activation === 'tanh' ? program.operation('tanh', { x: sum }, name, type, shape) : sum;
}

/** Whole numbers that become float16 when the model is loaded, or as they are used. */
function dequantized(
  program: MilProgram,
  values: Int8Array,
  scales: Float32Array,
  shape: readonly [number, number],
  name: string,
): string {
  const [outputs] = shape;
  return program.constexpr(
    'constexpr_affine_dequantize',
    {
      quantized_data: program.array(values, shape),
      scale: program.array(Float16Array.from(scales), [outputs]),
      zero_point: program.array(new Int8Array(outputs), [outputs]),
      axis: int32(0),
    },
    name,
    'float16',
    shape,
  );
}

/** From what the network says to the features' units. */
function unscale(builder: Builder, network: string, scaling: Scaling): void {
  const { compress, isCompressed } = columnsOf(scaling);
  const spread = builder.apply('mul', 'network_spread', network, 'deviation');
  if (!isCompressed.includes(1)) {
    builder.apply('add', OUTPUTS.reconstruction, spread, 'mean');
    return;
  }
  const values = builder.apply('add', 'network_values', spread, 'mean');
  const scale = builder.constant('compress', compress);
  const expanded = builder.apply('mul', 'expanded', builder.apply('sinh', 'expansion', values), scale);
  builder.select('is_compressed', expanded, values, OUTPUTS.reconstruction);
}

/** FeatureDescription of a multi-array. */
function feature(name: string, shape: readonly number[]): ProtoWriter {
  const array = new ProtoWriter().uints(1, shape).uint(2, FLOAT32);
  return new ProtoWriter()
    .string(1, name)
    .string(2, DESCRIPTIONS[name]!)
    .message(3, new ProtoWriter().message(5, array));
}

const AUTHOR = 'com.apple.CoreML';

/** The folder's files. The items' identifiers come from the bytes: the same model is the same package. */
function packageOf(spec: Uint8Array, weights: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const root = identifier(spec);
  const item = (name: string, description: string) => ({
    author: AUTHOR,
    description,
    name,
    path: `${AUTHOR}/${name}`,
  });
  const manifest = {
    fileFormatVersion: '1.0.0',
    itemInfoEntries: {
      [root]: item('model.mlmodel', 'CoreML Model Specification'),
      [identifier(weights)]: item('weights', 'CoreML Model Weights'),
    },
    rootModelIdentifier: root,
  };
  return new Map([
    ['Manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 4)}\n`)],
    [`Data/${AUTHOR}/model.mlmodel`, spec],
    [`Data/${AUTHOR}/weights/weight.bin`, weights],
  ]);
}

/** A UUID of version 8 (RFC 9562): 122 bits of a hash. */
function identifier(bytes: Uint8Array): string {
  const hash = createHash('sha256').update(bytes).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex').toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
