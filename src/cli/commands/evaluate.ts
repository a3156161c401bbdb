import { type Command, Option } from 'commander';
import type { EvaluateOptions } from '../evaluate/run.ts';
import { addJsonOption, countArgument, namesArgument } from '../options.ts';

export function addEvaluate(program: Command): void {
  addJsonOption(program.command('evaluate'))
    .description('learn from labelled sets as from a machine, and tell how well what is labelled is found')
    .argument('<dir>', 'folder with meta.json and, for each set, train and test rows and labels')
    .option('--scores <dir>', 'write the scores of all rows, and the alarms, into this folder')
    .option('--report <file>', 'write the table to this Markdown page')
    .option('--only <name...>', 'only these sets')
    .option('--detectors <names>', 'only these detectors, as a,b', namesArgument)
    .addOption(
      new Option('--ablation', 'compare what ships with each detector alone and with all but one').conflicts(
        'scores',
      ),
    )
    .option('--jobs <n>', 'threads (default: one a core, as many as fit into memory)', countArgument)
    .addHelpText('after', HELP)
    .action(async (folder: string, options: EvaluateOptions) => {
      const { evaluate } = await import('../evaluate/run.ts');
      await evaluate(folder, options);
    });
}

const HELP = `
For each NAME of meta.json the folder holds NAME.train.f32 and NAME.test.f32
(little-endian float32, row by row) and, if it is to be judged, NAME.label.u8 (a
byte a test row), each plain or with .gz.

Example:
  homeostat evaluate sets --scores out --only machine-1-2`;
