import type { Command } from 'commander';
import { addDataOption, addJsonOption, addPeriodOptions, checkPeriod } from '../options.ts';

export interface ReplayOptions {
  readonly data: string;
  readonly from: number;
  readonly to: number;
  readonly model?: string;
  readonly config?: string;
  readonly json?: true;
}

export function addReplay(program: Command): void {
  addPeriodOptions(addJsonOption(addDataOption(program.command('replay'))), '24h')
    .description('how incidents of the stored history would differ with another model or configuration')
    .option('--model <id>', "score with this model: an id of 'homeostat model list', or current")
    .option(
      '--config <file>',
      'this configuration: thresholds, alarms a week, what makes an incident, quiet hours',
    )
    .addHelpText(
      'after',
      '\nBoth sides run over the same seconds, with the code of the daemon. Without\n--model and --config, what was found is made into incidents anew and held\nagainst those that are kept.\n\nExample:\n  homeostat replay --from 12h --config tried.yaml',
    )
    .action(async (options: ReplayOptions) => {
      checkPeriod(options);
      const { replay } = await import('../replay/run.ts');
      await replay(options);
    });
}
