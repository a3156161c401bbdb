import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { addDataOption, addPeriodOptions } from '../options.ts';
import { withHistory } from '../with-history.ts';

interface ExportOptions {
  readonly data: string;
  readonly from: number;
  readonly to: number;
  readonly metric?: string[];
}

export function addExport(program: Command): void {
  addPeriodOptions(addDataOption(program.command('export')), '24h')
    .description('write the raw telemetry to standard output')
    .addOption(
      new Option('--format <format>', 'jsonl: one JSON object a line').choices(['jsonl']).default('jsonl'),
    )
    .option('--metric <key...>', 'only these series')
    .addHelpText('after', '\nExample:\n  homeostat export --from 2h > telemetry.jsonl')
    .action(async ({ data, from, to, metric }: ExportOptions) => {
      const { exportJsonl } = await import('../../store/export.ts');
      await withHistory(data, async (history) => {
        for (const line of exportJsonl(history, { from, to, ...(metric && { metrics: metric }) })) {
          if (!process.stdout.write(line.endsWith('\n') ? line : `${line}\n`))
            await once(process.stdout, 'drain');
        }
      });
    });
}
