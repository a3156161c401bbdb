import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDirectory } from '../lib/atomic-file.ts';
import { errorCode, errorMessage } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { MachineModel } from '../model/machine-model.ts';
import { readModelFile, writeModelFile } from './model-file.ts';

/** So many models are kept: when the newest is damaged, the one before it is used. */
const KEPT = 3;
const PATTERN = /^model-(.+)\.hsm$/;

/** Writes the model into `folder` and removes all but the newest three; the path of the new file. */
export function saveModel(folder: string, model: MachineModel): string {
  makePrivateDirectory(folder);
  const path = join(folder, `model-${model.id}.hsm`);
  writeModelFile(path, model);
  for (const name of modelFiles(folder).slice(KEPT)) rmSync(join(folder, name), { force: true });
  return path;
}

/**
 * The newest model that can be read, or undefined where there is none. `log` is warned of each file that was passed over,
 * in one line; the file is left where it is. `usable` may refuse a model by throwing: one whose detectors are unknown here, say.
 */
export function loadLatest(
  folder: string,
  log: Log,
  usable: (model: MachineModel) => void = () => {},
): MachineModel | undefined {
  for (const name of modelFiles(folder)) {
    try {
      const model = readModelFile(join(folder, name));
      usable(model);
      return model;
    } catch (error) {
      log.warn(`${errorMessage(error)}; it is passed over, and the one before it is tried`, { file: name });
    }
  }
  return undefined;
}

/** Names of model files, newest first: ids begin with the time of training. */
function modelFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => PATTERN.test(name))
      .sort()
      .reverse();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
