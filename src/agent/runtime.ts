import { resolve } from 'node:path';
import { DETECTORS } from '../detect/registry.ts';
import type { Log } from '../lib/log.ts';
import type { Detector } from '../model/detector.ts';
import type { Settings } from './settings.ts';

/** All detectors, run as the settings want it. What ONNX Runtime cannot run here is run as ever, and the log says so. */
export async function detectorsFor(
  { runtime, runtime_folder: folder }: Settings['detect'],
  log: Log,
): Promise<readonly Detector[]> {
  if (runtime === 'builtin') return DETECTORS;
  const { byOnnxRuntime } = await import('../detect/onnx-scorer.ts');
  const { encodeOnnxOfStandardised } = await import('../learn/export/onnx.ts');
  let isTold = false;
  return byOnnxRuntime(DETECTORS, {
    ...(folder !== undefined && { folder: resolve(folder) }),
    encode: encodeOnnxOfStandardised,
    ready: (provider) => log.info(`ONNX Runtime scores, by its provider ${provider}`),
    trouble: (reason) => {
      if (isTold) return;
      isTold = true;
      log.warn(
        `ONNX Runtime does not score, the built-in scorer does: ${reason}; docs/models.md tells how to install it`,
      );
    },
  });
}
