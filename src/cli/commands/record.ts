import type { Command } from 'commander';
import { durationArgument } from '../options.ts';

export function addRecord(program: Command): void {
  program
    .command('record')
    .description('save what the collectors read at two moments, secrets hidden, for a test or a bug report')
    .argument('<file>', 'where to write it; it must not exist yet')
    .option('--interval <time>', 'time between the two moments', durationArgument, '1s')
    .option('--pseudonyms', "hide this machine's name and all hardware and IPv4 addresses too")
    .addHelpText(
      'after',
      '\nLook at the file before you give it away: hiding secrets is never complete.\n\nExample:\n  homeostat record my-machine.json.gz --pseudonyms',
    )
    .action(async (file: string, options: { interval: string; pseudonyms?: true }) => {
      const { record } = await import('../record.ts');
      await record(file, options);
    });
}
