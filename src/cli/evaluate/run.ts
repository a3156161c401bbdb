import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type LabelledSet, readSets } from '../../learn/evaluation/labelled-set.ts';
import { makeDirectory, writeFileAtomic } from '../../lib/atomic-file.ts';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';
import { printable } from '../../lib/text.ts';
import { DETECTOR_NAMES, detectorNames, SHIPPED_DETECTORS } from '../../model/detector-names.ts';
import { stopSignal } from '../stop-signal.ts';
import { ablationMarkdown, ablationText, combinationsOf } from './ablation.ts';
import type { Outcome } from './order.ts';
import { defaultJobs, inThreads } from './pool.ts';
import { jsonOf, markdownOf, textTable } from './present.ts';
import { checkReport, writeReport } from './report.ts';

export interface EvaluateOptions {
  readonly scores?: string;
  readonly report?: string;
  readonly only?: readonly string[];
  readonly detectors?: readonly string[];
  readonly json?: true;
  readonly jobs?: number;
  readonly ablation?: true;
}

/** Judges what ships, or a chosen part of it, on the labelled sets of `folder`. Throws a UserError. */
export async function evaluate(folder: string, options: EvaluateOptions): Promise<void> {
  const sets = chosenSets(folder, options.only);
  const detectors = options.detectors ? detectorNames(options.detectors) : SHIPPED_DETECTORS;
  if (options.scores !== undefined) openFolder(options.scores);
  const name = options.ablation ? 'ablation' : 'evaluation';
  if (options.report !== undefined) checkReport(options.report, name);
  if (options.ablation) return compare(folder, sets, detectors, options);
  const outcomes = await outcomesOf(folder, sets, [detectors], options);
  if (options.report !== undefined) writeReport(options.report, 'evaluation', markdownOf(outcomes));
  console.log(options.json ? JSON.stringify(jsonOf(outcomes), null, 2) : textTable(outcomes));
}

/** Judges what ships beside each of its parts. */
async function compare(
  folder: string,
  sets: readonly LabelledSet[],
  shipped: readonly string[],
  options: EvaluateOptions,
): Promise<void> {
  const available = options.detectors ?? DETECTOR_NAMES;
  const combinations = combinationsOf(shipped, available);
  const lists = combinations.map(({ detectors }) => detectors);
  const outcomes = await outcomesOf(folder, sets, lists, options);
  if (options.report !== undefined)
    writeReport(options.report, 'ablation', ablationMarkdown(combinations, outcomes));
  const json = (): object[] =>
    combinations.map(({ title, detectors }) => ({
      title,
      ...jsonOf(outcomes.filter((outcome) => outcome.detectors.join() === detectors.join())),
    }));
  console.log(options.json ? JSON.stringify(json(), null, 2) : ablationText(combinations, outcomes));
}

/** All outcomes in the order of the sets, each written and told on standard error as it comes. */
async function outcomesOf(
  folder: string,
  sets: readonly LabelledSet[],
  combinations: readonly (readonly string[])[],
  { jobs = defaultJobs(), scores }: EvaluateOptions,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const startedAt = performance.now();
  await inThreads(
    sets.map((set) => ({ folder, set, combinations })),
    {
      jobs,
      stopped: stopSignal(),
      onOutcome: (outcome) => {
        if (scores !== undefined) writeScores(scores, outcome);
        outcomes.push(outcome);
        const seconds = Math.round((performance.now() - startedAt) / 1000);
        const all = sets.length * combinations.length;
        const what =
          combinations.length > 1 ? `${outcome.set} by ${outcome.detectors.join('+')}` : outcome.set;
        console.error(`${outcomes.length} of ${all} after ${seconds} s: ${printable(what)}`);
      },
    },
  );
  const place = new Map(sets.map(({ name }, index) => [name, index]));
  return outcomes.toSorted((one, other) => place.get(one.set)! - place.get(other.set)!);
}

function chosenSets(folder: string, only: readonly string[] | undefined): readonly LabelledSet[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError(`${folder}: there is no such folder; name one with labelled sets`);
  const sets = readSets(folder);
  const unknown = only?.find((name) => !sets.some((set) => set.name === name));
  if (unknown !== undefined)
    throw new UserError(`${folder}: no set is named '${unknown}'; there are ${listed(sets)}`);
  return sets.filter(({ name }) => !only || only.includes(name));
}

const listed = (named: readonly { readonly name: string }[]): string =>
  named.map(({ name }) => name).join(', ');

function openFolder(folder: string): void {
  try {
    makeDirectory(folder, 0o755);
  } catch (error) {
    throw new UserError(`${folder}: the folder for the scores cannot be made (${reason(error)})`);
  }
}

/** Little-endian float32, and a byte a row. */
function writeScores(folder: string, { set, scores: { train, test, flags } }: Outcome): void {
  const write = (name: string, bytes: Uint8Array): void => {
    const path = join(folder, `${set}.${name}`);
    try {
      writeFileAtomic(path, bytes, 0o644);
    } catch (error) {
      throw new UserError(`${path}: cannot be written (${reason(error)}); check the folder and its space`, 1);
    }
  };
  write('train.score.f32', littleEndian(train));
  write('test.score.f32', littleEndian(test));
  write('flag.u8', flags);
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes;
}

const reason = (error: unknown): string => errorCode(error) ?? errorMessage(error);
