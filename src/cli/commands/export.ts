import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { addDataOption, addPeriodOptions, checkPeriod, matchingKeys } from '../options.ts';
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
    .option('--metric <metric...>', 'only these: names, which stand for all their series, or keys')
    .addHelpText('after', '\nExample:\n  homeostat export --from 2h > telemetry.jsonl')
    .action(async ({ data, from, to, metric }: ExportOptions) => {
      checkPeriod({ from, to });
      const { exportJsonl } = await import('../../store/export.ts');
      await withHistory(data, async (history) => {
        const stored = history.series().map(({ key }) => key);
        const only = metric && { metrics: matchingKeys(metric, stored) };
        for (const line of exportJsonl(history, { from, to, ...only })) {
          if (!process.stdout.write(line.endsWith('\n') ? line : `${line}\n`))
            await once(process.stdout, 'drain');
        }
      });
    });
}
