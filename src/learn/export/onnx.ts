import type { DenseLayer, Reconstruction } from '../../model/reconstruction.ts';
import type { Scaling } from '../../model/scaling.ts';
import { ONNX_TYPE, OnnxGraph } from './onnx-graph.ts';
import { type Quantization, quantize } from './quantize.ts';
import { columnsOf, DESCRIPTIONS, type ExportSource, INPUT, metadataOf, OUTPUTS } from './source.ts';

/** Any number of rows at once. */
const ROWS = 'rows';

/**
 * The detector as an ONNX model: rows of raw values in; score, reconstruction in the features' units and each feature's
 * squared error out. Everything is computed in float32, also where the weights are quantized.
 */
export function encodeOnnx(source: ExportSource, quantization: Quantization): Uint8Array {
  const { model, part, reconstruction } = source;
  const graph = new OnnxGraph();
  const width = model.features.length;
  const features = graph.input(INPUT, [ROWS, width], DESCRIPTIONS[INPUT]!);
  const missing = graph.node('IsNaN', [features], 'missing');
  const standardised = standardise(graph, features, model.scaling);
  const network = score(graph, standardised, missing, reconstruction, quantization);
  unscale(graph, network, model.scaling);
  graph.output(OUTPUTS.score, [ROWS], DESCRIPTIONS[OUTPUTS.score]!);
  graph.output(OUTPUTS.reconstruction, [ROWS, width], DESCRIPTIONS[OUTPUTS.reconstruction]!);
  graph.output(OUTPUTS.squaredErrors, [ROWS, width], DESCRIPTIONS[OUTPUTS.squaredErrors]!);
  const description = `How unusual rows of a machine's metrics are, by the ${part.name} of Homeostat's model ${model.id}`;
  return graph.encode(part.name, description, metadataOf(source, quantization));
}

/** The same for rows that are standardised already: score and squared errors. */
export function encodeOnnxOfStandardised(reconstruction: Reconstruction): Uint8Array {
  const graph = new OnnxGraph();
  const width = reconstruction.layers[0]!.inputs;
  const rows = graph.input(INPUT, [ROWS, width], 'Standardised rows, NaN where a value is missing.');
  score(graph, rows, graph.node('IsNaN', [rows], 'missing'), reconstruction, 'none');
  graph.output(OUTPUTS.score, [ROWS], DESCRIPTIONS[OUTPUTS.score]!);
  graph.output(OUTPUTS.squaredErrors, [ROWS, width], DESCRIPTIONS[OUTPUTS.squaredErrors]!);
  return graph.encode('standardised', 'How unusual standardised rows are', {});
}

/** As `standardise` of `model/scaling.ts`, without its limit: the limits that follow are narrower. */
function standardise(graph: OnnxGraph, features: string, scaling: Scaling): string {
  const { perCompress, isCompressed, mean, meanRest, deviation } = columnsOf(scaling);
  const width = [deviation.length];
  let values = features;
  if (isCompressed.includes(1)) {
    const scaled = graph.node(
      'Mul',
      [features, graph.constant('per_compress', perCompress, width)],
      'scaled',
    );
    const compressed = graph.node('Asinh', [scaled], 'compressed');
    const where = graph.booleans('is_compressed', isCompressed, width);
    values = graph.node('Where', [where, compressed, features], 'values');
  }
  const near = graph.node('Sub', [values, graph.constant('mean', mean, width)], 'near');
  const centred = graph.node('Sub', [near, graph.constant('mean_rest', meanRest, width)], 'centred');
  return graph.node('Div', [centred, graph.constant('deviation', deviation, width)], 'standardised');
}

/** Makes `score` and `squared_errors`; the network's own output is returned. */
function score(
  graph: OnnxGraph,
  standardised: string,
  missing: string,
  { layers, inputLimit, errorLimit }: Reconstruction,
  quantization: Quantization,
): string {
  const zero = graph.scalar('zero', 0);
  const present = graph.node('Where', [missing, zero, standardised], 'present');
  const clip = (limit: number, name: string): string =>
    graph.node(
      'Clip',
      [present, graph.scalar(`${name}_low`, -limit), graph.scalar(`${name}_high`, limit)],
      name,
    );
  const compared = clip(errorLimit, 'compared');
  const network = layers.reduce(
    (values, layer, index) => dense(graph, values, layer, `layer${index + 1}`, quantization),
    clip(inputLimit, 'network_input'),
  );
  const difference = graph.node('Sub', [compared, network], 'difference');
  const error = graph.node('Where', [missing, zero, difference], 'error');
  const squares = graph.node('Mul', [error, error], OUTPUTS.squaredErrors);
  const axis = graph.constant('feature_axis', BigInt64Array.of(1n), [1]);
  const sum = graph.node('ReduceSum', [squares, axis], 'sum', { keepdims: 0 });
  const there = graph.node('Cast', [graph.node('Not', [missing], 'there')], 'ones', { to: ONNX_TYPE.float });
  const count = graph.node('ReduceSum', [there, axis], 'count', { keepdims: 0 });
  const divisor = graph.node('Max', [count, graph.scalar('one', 1)], 'divisor');
  graph.node('Div', [sum, divisor], OUTPUTS.score);
  return network;
}

function dense(
  graph: OnnxGraph,
  from: string,
  { inputs, outputs, weights, biases, activation }: DenseLayer,
  name: string,
  quantization: Quantization,
): string {
  const shape = [outputs, inputs];
  const rounded = quantize(weights, outputs, quantization);
  const kept = graph.constant(`${name}_weights`, rounded.values, shape);
  const parameters =
    rounded.type === 'float16'
      ? graph.node('Cast', [kept], `${name}_float_weights`, { to: ONNX_TYPE.float })
      : rounded.type === 'int8'
        ? graph.node(
            'DequantizeLinear',
            [
              kept,
              graph.constant(`${name}_scales`, rounded.scales, [outputs]),
              graph.constant(`${name}_zeros`, new Int8Array(outputs), [outputs]),
            ],
            `${name}_float_weights`,
            { axis: 0 },
          )
        : kept;
  const sum = graph.node(
    'Gemm',
    [from, parameters, graph.constant(`${name}_biases`, biases, [outputs])],
    `${name}_sum`,
    { transB: 1 },
  );
  return activation === 'tanh' ? graph.node('Tanh', [sum], name) : sum;
}

/** From what the network says to the features' units. */
function unscale(graph: OnnxGraph, network: string, scaling: Scaling): void {
  const { compress, isCompressed, deviation } = columnsOf(scaling);
  const width = [deviation.length];
  const spread = graph.node('Mul', [network, 'deviation'], 'network_spread');
  if (!isCompressed.includes(1)) {
    graph.node('Add', [spread, 'mean'], OUTPUTS.reconstruction);
    return;
  }
  const values = graph.node('Add', [spread, 'mean'], 'network_values');
  const scale = graph.constant('compress', compress, width);
  const expanded = graph.node('Mul', [graph.node('Sinh', [values], 'sinh'), scale], 'expanded');
  graph.node('Where', ['is_compressed', expanded, values], OUTPUTS.reconstruction);
}
