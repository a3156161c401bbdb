import { type Command, Option } from 'commander';
import { defaultConfigFile } from '../../agent/settings.ts';
import { addDataOption, addJsonOption, countArgument } from '../options.ts';

export interface NotifyOptions {
  readonly data: string;
  readonly config?: string;
  readonly json?: true;
}

export interface NotifyLogOptions extends NotifyOptions {
  readonly channel?: string;
  readonly limit: number;
}

/** `homeostat notify`: the channels by which people are told. */
export function addNotify(program: Command): void {
  const notify = program.command('notify').description('the channels by which people are told of incidents');
  const command = (name: string): Command => addJsonOption(addDataOption(notify.command(name)));
  addConfigOption(command('list'))
    .description('the channels and routes of the configuration, and what is wrong with them')
    .action(async (options: NotifyOptions) => (await import('../notify.ts')).list(options));
  addConfigOption(command('test'))
    .argument('<channel>', 'its name in the configuration')
    .description('tell a test message now; exit code 1 where it was not taken')
    .action(async (channel: string, options: NotifyOptions) =>
      (await import('../notify.ts')).test(channel, options),
    );
  command('log')
    .description('what was told to whom, when, and what went wrong, newest first')
    .option('--channel <name>', 'of this channel alone')
    .option('--limit <n>', 'at most so many', countArgument, 20)
    .action(async (options: NotifyLogOptions) => (await import('../notify.ts')).log(options));
}

function addConfigOption(command: Command): Command {
  const file = defaultConfigFile(process.env, process.platform);
  return command.addOption(
    new Option('--config <file>', `configuration file (default: ${file} where it exists)`),
  );
}
