import { type Command, Option } from 'commander';
import { QUANTIZATIONS } from '../../learn/export/quantize.ts';
import type { ExportOptions } from '../models/export.ts';
import { addDataOption, addJsonOption, addPeriodOptions } from '../options.ts';

interface ModelOptions {
  readonly data: string;
  readonly json?: true;
}

const ID = "its id, the beginning of it, or 'current', 'previous' or 'candidate'";

/** What was learned: the models of a data folder, whether Homeostat runs or not. */
export function addModel(program: Command): void {
  const model = program
    .command('model')
    .description(
      'the models that were learned: which one scores, what each is worth, and which one shall score',
    )
    .addHelpText('after', HELP);
  const add = (usage: string, description: string): Command =>
    addJsonOption(addDataOption(model.command(usage))).description(description);

  add('list', 'all models that are kept, and what became of them').action(async (options: ModelOptions) => {
    const { listModels } = await import('../models/list.ts');
    listModels(options);
  });
  add('show', "a model's card: data, blocks, losses, calibration, alarms, hash")
    .argument('<id>', ID)
    .action(async (id: string, options: ModelOptions) => {
      const { showModel } = await import('../models/show.ts');
      await showModel(id, options);
    });
  addPeriodOptions(add('compare', 'two models beside each other, and on the same rows after both trainings'))
    .argument('<a>', ID)
    .argument('<b>', ID)
    .action(async (a: string, b: string, options: ModelOptions & { from?: number; to: number }) => {
      const { compare } = await import('../models/compare.ts');
      await compare(a, b, options);
    });
  add('promote', 'let a model score from now on; the current one becomes the previous one')
    .argument('<id>', ID)
    .action(async (id: string, options: ModelOptions) => {
      const { promote } = await import('../models/succession.ts');
      await promote(id, options);
    });
  add('rollback', 'let the previous model score again').action(async (options: ModelOptions) => {
    const { rollback } = await import('../models/succession.ts');
    await rollback(options);
  });
  add('export', "write a model's network for other programs: ONNX, or Core ML")
    .option('--model <id>', ID, 'current')
    .addOption(
      new Option('--format <format>', 'an .onnx file, or an .mlpackage folder')
        .choices(['onnx', 'coreml'])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--quantize <type>', 'how the weights are kept').choices(QUANTIZATIONS).default('none'),
    )
    .requiredOption('--out <path>', 'what to write; it is replaced where it is there')
    .action(async ({ quantize, ...options }: Omit<ExportOptions, 'quantization'> & Quantize) => {
      const { exportModel } = await import('../models/export.ts');
      exportModel({ ...options, quantization: quantize });
    });
}

interface Quantize {
  readonly quantize: ExportOptions['quantization'];
}

const HELP = `
A running Homeostat takes up a promotion or a rollback within seconds. What it
trains itself runs beside the current model first (a tenth of the time that it
was trained on, 2 to 30 min) and replaces it only if it is not worse on those
rows.

Examples:
  homeostat model list
  homeostat model compare current candidate
  homeostat model promote candidate
  homeostat model export --format onnx --out machine.onnx
  homeostat model rollback`;
