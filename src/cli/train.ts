import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { defaultDataFolder } from '../agent/settings.ts';
import { startTraining, type TrainingOrder, type TrainingResult } from '../agent/training.ts';
import { type CheckpointNote, readCheckpointNote, removeCheckpoint } from '../learn/checkpoint.ts';
import { ModelRegistry } from '../learn/model-registry.ts';
import type { Run } from '../learn/run.ts';
import { makePrivateDirectory } from '../lib/atomic-file.ts';
import { UserError } from '../lib/errors.ts';
import { printable } from '../lib/text.ts';
import { parseMoment } from '../lib/units.ts';
import { detectorNames } from '../model/detector-names.ts';
import { findRunning } from './client.ts';
import type { TrainOptions } from './commands/train.ts';
import { openDataFolder } from './data-folder.ts';
import { describeModel, renderModel } from './models/card.ts';
import { checkPeriod } from './options.ts';
import { readSettings } from './settings.ts';
import { stopSignal } from './stop-signal.ts';
import { version } from './version.ts';

/** A running daemon keeps the latest samples in memory for so long, ms: they are not in the file yet. */
const UNSAVED_MS = 15_000;
/** All that a Date can say. */
const EVER = 8.64e15;

/** Trains beside whatever runs, and leaves a candidate in the model folder. */
export async function train(options: TrainOptions): Promise<void> {
  const { learn, alarms } = await readSettings(
    options.config === undefined ? {} : { config: options.config },
  );
  const chosen = options.detectors ?? learn.detectors;
  const detectors = chosen && detectorNames(chosen);
  const file = isFile(options.data) ? options.data : undefined;
  const folder =
    options.out ?? (file === undefined ? options.data : defaultDataFolder(process.env, process.platform));
  const modelFolder = join(folder, 'models');
  const checkpoint = join(modelFolder, 'training.checkpoint');
  // Nothing is made in a folder that has no history to learn from.
  if (file !== undefined || options.out !== undefined) openDataFolder(folder);
  if (options.fresh) removeCheckpoint(checkpoint);
  const asked = { ...options, file, detectors: detectors?.join() ?? '' };
  const note = resumed(checkpoint, asked) ?? begun(asked);
  const { from, to } = note;
  checkPeriod(note);
  const run = startTraining(
    {
      ...{
        from,
        to,
        modelFolder,
        stepSeconds: 1,
        seed: learn.seed,
        calibratedAfterMs: learn.calibrated_after,
        ...(detectors && { detectors }),
      },
      source: file === undefined ? { folder: options.data } : { file },
      trainedBy: 'command',
      reason: file === undefined ? "'homeostat train'" : `'homeostat train' on ${file}`,
      checkpoint: { path: checkpoint, version: version(), note },
    } satisfies TrainingOrder,
    progressLine(),
    console.error,
  );
  const result = await untilDone(run, modelFolder);
  const registry = new ModelRegistry(modelFolder);
  const entry = registry.find(result.id);
  const model = describeModel(entry, registry.load(result.id), modelFolder, alarms.per_week);
  if (options.json) {
    console.log(JSON.stringify({ ...model, telemetry: result.file }, null, 2));
    return;
  }
  if (result.file && result.file.bad > 0) {
    console.error(`${result.file.bad} of ${result.file.lines} lines could not be used; the first:`);
    for (const example of result.file.examples) console.error(printable(`  ${example}`));
  }
  console.log(renderModel(model));
  console.log(
    `\nIt is a ${entry.state}: 'homeostat model compare current ${entry.id}' holds it against the current one, 'homeostat model promote ${entry.id}' lets it score.`,
  );
}

/** What was typed. `detectors`: as CheckpointNote has them. */
interface Asked extends Pick<TrainOptions, 'data' | 'from' | 'to'> {
  readonly file: string | undefined;
  readonly detectors: string;
}

/** The period of an interrupted training that the same words had begun. */
function resumed(checkpoint: string, { file, detectors, from, to }: Asked): CheckpointNote | undefined {
  const note = readCheckpointNote(checkpoint);
  if (!note || note.file !== file || note.detectors !== detectors) return undefined;
  if (note.fromText !== (from ?? '') || note.toText !== (to ?? '')) return undefined;
  process.stderr.write('An interrupted training goes on; --fresh begins anew.\n');
  return note;
}

function begun({ file, detectors, data, from, to }: Asked): CheckpointNote {
  const now = Date.now();
  const latest = file === undefined && findRunning(data) ? now - UNSAVED_MS : now;
  const range =
    file === undefined
      ? { from: moment(from ?? '24h', now), to: Math.min(latest, moment(to ?? 'now', now)) }
      : { from: from === undefined ? 0 : moment(from, now), to: to === undefined ? EVER : moment(to, now) };
  return { file, fromText: from ?? '', toText: to ?? '', detectors, ...range };
}

const moment = (text: string, now: number): number => parseMoment(text, now)!;

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === false;

/** Ctrl-C ends the thread; what it had not finished writing is removed. */
async function untilDone(run: Run<TrainingResult>, modelFolder: string): Promise<TrainingResult> {
  let cancelled = false;
  stopSignal().then(() => {
    cancelled = true;
    run.cancel();
  });
  try {
    return await run.done;
  } catch (error) {
    if (!cancelled) throw error instanceof UserError ? error : failed(error);
    removeUnfinished(modelFolder);
    throw new UserError('the training was cancelled; the same command goes on after what it has finished', 1);
  } finally {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}

/** Errors of a thread come without their class. */
function failed(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'UserError') {
    return error instanceof Error && /usable rows/.test(error.message)
      ? new UserError(`${error.message}; let Homeostat run longer, or choose another period`, 1)
      : error;
  }
  return new UserError(error.message, (error as { exitCode?: unknown }).exitCode === 1 ? 1 : 2);
}

function removeUnfinished(modelFolder: string): void {
  makePrivateDirectory(modelFolder);
  for (const name of readdirSync(modelFolder))
    if (name.endsWith(`.${process.pid}.tmp`)) rmSync(join(modelFolder, name), { force: true });
}

/** On a terminal one line that changes; elsewhere a line for each step. */
function progressLine(): (done: number, step: string) => void {
  let last = '';
  return (done, step) => {
    const percent = `${String(Math.floor(done * 100)).padStart(3)} %`;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${percent}  ${step}`);
    else {
      const stage = step.replace(/ \d+$/, '');
      if (stage !== last) process.stderr.write(`${percent}  ${stage}\n`);
      last = stage;
    }
  };
}
