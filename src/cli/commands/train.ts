import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseMoment } from '../../lib/units.ts';
import { addDataOption, addJsonOption, namesArgument } from '../options.ts';

export interface TrainOptions {
  /** A data folder, or a file of raw telemetry. */
  readonly data: string;
  /** As they were typed. */
  readonly from?: string;
  readonly to?: string;
  readonly out?: string;
  readonly detectors?: readonly string[];
  readonly config?: string;
  readonly fresh?: true;
  readonly json?: true;
}

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('learn a model from the history, or from a file of raw telemetry');
  addJsonOption(addDataOption(command, 'data folder, or a file of raw telemetry'))
    .addOption(
      new Option('--from <time>', 'beginning: an ISO time, or a span before now such as 12h').argParser(
        momentText,
      ),
    )
    .addOption(new Option('--to <time>', 'end: an ISO time, or a span before now').argParser(momentText))
    .option('--out <dir>', 'data folder that gets the model (default: the one of --data)', (text: string) =>
      resolve(text),
    )
    .option('--detectors <names>', 'learn with these, as a,b (default: what ships)', namesArgument)
    .option('--config <file>', 'configuration file, for its section learn')
    .option('--fresh', 'begin anew where a training was interrupted')
    .addHelpText('after', HELP)
    .action(async (options: TrainOptions) => {
      const { train } = await import('../train.ts');
      await train(options);
    });
}

const HELP = `
--data also takes a file as 'homeostat export' writes it, plain or .gz. Without
--from and --to the latest 24 h are learned (of a file: its latest 86,400 rows).
Periods of anomalies are left out. The model becomes a candidate and scores only
after 'homeostat model promote'; a running Homeostat is not disturbed.

Ctrl-C ends the training; what it has finished is kept, and the same command
goes on from there.

Examples:
  homeostat train --from 12h
  homeostat train --data telemetry.jsonl.gz --out /var/lib/homeostat`;

/** Checked here, meant when the training begins: an interrupted one is known by what was typed. */
function momentText(text: string): string {
  if (parseMoment(text, 0) !== undefined) return text;
  throw new InvalidArgumentError(
    'expected an ISO time such as 2026-11-21T08:00:00Z, or a span before now such as 2h',
  );
}
