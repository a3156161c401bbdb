import type { Command } from 'commander';
import { addDataOption, addJsonOption } from '../options.ts';

const HELP = `
Settings come from the defaults, then the file, then HOMEOSTAT_SECTION__KEY in
the environment, then the command line of 'homeostat up'; the later wins.

Examples:
  homeostat config init
  homeostat config check /etc/homeostat/homeostat.yaml
  homeostat config show --changed
  HOMEOSTAT_SERVE__PORT=8080 homeostat config show
  homeostat config schema > homeostat.schema.json`;

const FILE = 'the file (default: the usual one of this user, where it exists)';

/** The configuration: is it right, what holds, what could be written, and take it over. */
export function addConfig(program: Command): void {
  const config = program
    .command('config')
    .description('check, show, write and reload the configuration')
    .addHelpText('after', HELP);
  addJsonOption(config.command('check'))
    .argument('[file]', FILE)
    .description('name every mistake in the file and the environment; exit code 2 where there is one')
    .action(async (file: string | undefined, options: { json?: true }) => {
      const { check } = await import('../config/show.ts');
      await check(file, options);
    });
  addJsonOption(config.command('show'))
    .argument('[file]', FILE)
    .option('--defaults', 'the defaults alone, whatever is written')
    .option('--changed', 'only what is written somewhere')
    .description('what holds, and where it is written; secrets are hidden')
    .action(async (file: string | undefined, options: ShowOptions) => {
      const { show } = await import('../config/show.ts');
      await show(file, options);
    });
  config
    .command('schema')
    .description('print the JSON Schema of the file, for editors and other programs')
    .action(async () => {
      const { printSchema } = await import('../config/show.ts');
      printSchema();
    });
  config
    .command('init')
    .argument('[file]', 'where to write it; it must not exist yet (default: the usual place of this user)')
    .option('--stdout', 'print it instead')
    .description('write a file with every setting, its default and what it is')
    .action(async (file: string | undefined, options: { stdout?: true }) => {
      const { init } = await import('../config/init.ts');
      init(file, options);
    });
  addJsonOption(addDataOption(config.command('reload')))
    .description(
      'let the Homeostat that runs read its file again; says what holds now and what needs a restart',
    )
    .option('--hub', 'the hub that runs with that folder')
    .action(async (options: ReloadOptions) => {
      const { reload } = await import('../config/reload.ts');
      await reload(options);
    });
}

export interface ReloadOptions {
  readonly data: string;
  readonly hub?: true;
  readonly json?: true;
}

export interface ShowOptions {
  readonly defaults?: true;
  readonly changed?: true;
  readonly json?: true;
}
