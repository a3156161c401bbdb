import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeOnnxOfStandardised } from '../../src/learn/export/onnx.ts';

/** Where `npm test` installs ONNX Runtime: see its package.json. */
export const ONNX_FOLDER = fileURLToPath(new URL('../onnxruntime', import.meta.url));

/** What is used of the package `onnxruntime-node`. */
interface OnnxRuntime {
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => unknown;
}
interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: Float32Array }>>;
}

/** What an exported model says of rows. */
export interface Answer {
  readonly score: Float32Array;
  readonly reconstruction: Float32Array;
  readonly squaredErrors: Float32Array;
}

/** Runs an exported ONNX model on rows x columns values, on the CPU. */
export async function runOnnx(model: Uint8Array, data: Float32Array, columns: number): Promise<Answer> {
  if (!existsSync(join(ONNX_FOLDER, 'node_modules')))
    throw new Error(`ONNX Runtime is missing in ${ONNX_FOLDER}: 'npm test -- unit' installs it`);
  const load = createRequire(join(ONNX_FOLDER, 'package.json'));
  const { InferenceSession, Tensor } = load('onnxruntime-node') as OnnxRuntime;
  const session = await InferenceSession.create(model, { executionProviders: ['cpu'], intraOpNumThreads: 1 });
  const features = new Tensor('float32', data, [data.length / columns, columns]);
  const { score, reconstruction, squared_errors: squaredErrors } = await session.run({ features });
  return { score: score!.data, reconstruction: reconstruction!.data, squaredErrors: squaredErrors!.data };
}

/** What the daemon hands to the scorer: a part does not import another. */
export const encodeForRuntime = encodeOnnxOfStandardised;
