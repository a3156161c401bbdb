import { compareOnHistory } from '../../agent/comparison.ts';
import { errorMessage, UserError } from '../../lib/errors.ts';
import { duration } from '../../lib/text.ts';
import type { Comparison } from '../../model/comparison.ts';
import type { MachineModel } from '../../model/machine-model.ts';
import { checkPeriod } from '../options.ts';
import { table } from '../table.ts';
import { openRegistry } from './registry.ts';
import { renderComparison } from './render-comparison.ts';
import { when } from './when.ts';

export interface CompareOptions {
  readonly data: string;
  readonly json?: true;
  /** Left out: from the end of the later training on. */
  readonly from?: number;
  readonly to: number;
}

/** Seconds are kept for a day, and a day is scored in some seconds. */
const LONGEST_MS = 86_400_000;

/** Two models beside each other: what they were made of, and what they say to the same rows. */
export async function compare(one: string, other: string, options: CompareOptions): Promise<void> {
  const { data, json, to } = options;
  const registry = openRegistry(data);
  const entries = [registry.find(one), registry.find(other)] as const;
  const models = [registry.load(entries[0].id), registry.load(entries[1].id)] as const;
  const after = Math.max(models[0].trainedTo, models[1].trainedTo, to - LONGEST_MS);
  const from = options.from ?? after;
  if (options.from !== undefined) checkPeriod({ from, to });
  let comparison: Comparison | undefined;
  let problem: string | undefined;
  try {
    const [current, candidate] = [entries[0].id, entries[1].id];
    comparison = compareOnHistory({
      current,
      candidate,
      from,
      to,
      dataFolder: data,
      modelFolder: registry.folder,
    });
  } catch (error) {
    if (options.from !== undefined) throw new UserError(errorMessage(error), 1);
    problem = `${errorMessage(error)}: so far no later history than both trainings is stored; --from and --to name another period`;
  }
  if (json) {
    const facts = models.map(({ id, phase, trainedFrom, trainedTo, rows }, index) => ({
      ...{ id, phase, trainedFrom, trainedTo, rows, state: entries[index]!.state },
    }));
    console.log(JSON.stringify({ models: facts, comparison, problem }, null, 2));
    return;
  }
  console.log(`${facts(models)}\n`);
  console.log(comparison ? renderComparison(comparison).join('\n') : problem);
  if (comparison && from < Math.max(models[0].trainedTo, models[1].trainedTo))
    console.log('  Part of these rows was trained on: what they say is better than it is.');
}

const facts = (models: readonly MachineModel[]): string =>
  table(
    [
      { title: 'MODEL', value: ({ id }: MachineModel) => id },
      { title: 'TRAINED TO', value: ({ trainedTo }) => when(trainedTo) },
      { title: 'ROWS', value: ({ rows }) => rows.toLocaleString('en'), align: 'right' },
      { title: 'OF', value: ({ rows, stepSeconds }) => duration(rows * stepSeconds * 1000), align: 'right' },
      { title: 'METRICS', value: ({ features }) => String(features.length), align: 'right' },
      {
        title: 'DETECTORS',
        value: ({ detectors }) => detectors.map(({ name }) => name).join(', '),
        flexible: true,
      },
    ],
    models,
  );
