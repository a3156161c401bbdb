import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { errorCode, errorMessage } from '../lib/errors.ts';
import { ANSWERED, FAILED, type OnnxOrder, type OnnxReport, OnnxRow } from './onnx-row.ts';

/** The thread that runs a graph by ONNX Runtime: opens it, then scores the shared row each time it is told to. */

/** What is used of the package `onnxruntime-node`. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(graph: Uint8Array, options: object): Promise<Session>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => unknown;
}
interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: Float32Array }>>;
}

const { graph, folder, features, shared } = workerData as OnnxOrder;
const row = new OnnxRow(features, shared);
const tell = (report: OnnxReport): void => parentPort?.postMessage(report);

try {
  const load = createRequire(folder === undefined ? import.meta.url : `${folder}/package.json`);
  const runtime = load('onnxruntime-node') as OnnxRuntime;
  const { session, provider } = await open(runtime);
  // The graph's input lives as long as the session; what arrives in the shared row is copied into it.
  const input = new Float32Array(features);
  const feeds = { features: new runtime.Tensor('float32', input, [1, features]) };
  parentPort?.on('message', () => {
    input.set(row.values);
    session.run(feeds).then(
      ({ score, squared_errors: squares }) => {
        row.score[0] = score!.data[0]!;
        row.squares.set(squares!.data);
        row.answer(ANSWERED);
      },
      (error: unknown) => {
        row.answer(FAILED);
        tell({ type: 'trouble', reason: errorMessage(error) });
      },
    );
  });
  tell({ type: 'ready', provider });
} catch (error) {
  const isMissing = errorCode(error) === 'MODULE_NOT_FOUND';
  const place = folder ?? 'beside Homeostat';
  tell({
    type: 'trouble',
    reason: isMissing ? `onnxruntime-node is not installed (${place})` : errorMessage(error),
  });
}

/** By the Neural Engine where there may be one. One thread: a row is too small to be shared out. */
async function open(runtime: OnnxRuntime): Promise<{ session: Session; provider: string }> {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  if (process.platform === 'darwin') {
    try {
      const executionProviders = ['coreml', 'cpu'];
      const session = await runtime.InferenceSession.create(graph, { ...options, executionProviders });
      return { session, provider: 'coreml' };
    } catch {
      // A build without it: the CPU gives the same scores.
    }
  }
  const session = await runtime.InferenceSession.create(graph, { ...options, executionProviders: ['cpu'] });
  return { session, provider: 'cpu' };
}
