import type { Command } from 'commander';
import { printable } from '../../lib/text.ts';
import { formatValue, metricLabel } from '../../model/display.ts';
import type { Frame, HistoryAnswer } from '../../model/history.ts';
import {
  addDataOption,
  addHostOption,
  addJsonOption,
  addPeriodOptions,
  checkPeriod,
  countArgument,
  matchingKeys,
} from '../options.ts';
import { table, terminalWidth } from '../table.ts';
import { historyFolder, withHistory } from '../with-history.ts';

interface HistoryOptions {
  readonly data: string;
  readonly host?: string;
  readonly json?: true;
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

export function addHistory(program: Command): void {
  addPeriodOptions(addHostOption(addJsonOption(addDataOption(program.command('history')))), '1h')
    .description('the stored values of a metric; without one, the metrics that are stored')
    .argument(
      '[metric...]',
      "names such as system.cpu.utilization, or keys such as 'system.disk.io{disk.io.direction=read}'",
    )
    .option('--points <n>', 'at most so many points a metric', countArgument, 60)
    .addHelpText(
      'after',
      '\nA name stands for all its series.\n\nExample:\n  homeostat history system.memory.utilization --from 24h',
    )
    .action(async (metrics: string[], options: HistoryOptions) => {
      checkPeriod(options);
      await withHistory(historyFolder(options), (history) => {
        const stored = history.series();
        if (metrics.length === 0) {
          console.log(
            options.json
              ? JSON.stringify(stored, null, 2)
              : stored.map(({ key, unit }) => printable(`${key}  [${unit}]`)).join('\n') ||
                  'Nothing is stored yet.',
          );
          return;
        }
        const keys = matchingKeys(
          metrics,
          stored.map(({ key }) => key),
        );
        const { from, to, points } = options;
        const answer = history.query({ metrics: keys, from, to, maxPoints: points });
        console.log(
          options.json
            ? json(answer)
            : answer.frames.map((frame) => renderFrame(frame, answer.stepSeconds)).join('\n\n'),
        );
      });
    });
}

const json = ({ stepSeconds, frames }: HistoryAnswer): string =>
  JSON.stringify({
    stepSeconds,
    frames: frames.map(({ metric, unit, at, mean, min, max }) => ({
      metric,
      unit,
      points: Array.from(at, (time, index) => ({
        at: time,
        mean: mean[index],
        min: min[index],
        max: max[index],
      })),
    })),
  });

const BLOCKS = ' ▁▂▃▄▅▆▇█';

function renderFrame(frame: Frame, stepSeconds: number): string {
  const title = printable(`${metricLabel(frame.metric)}  (${frame.metric}), a point each ${stepSeconds} s`);
  if (frame.at.length === 0) return `${title}\n  nothing stored in this period`;
  const top = frame.max.reduce((high, value) => Math.max(high, value), 0) || 1;
  const rows = Array.from(frame.at, (_, index) => index);
  const bar = (index: number): string =>
    BLOCKS[Math.max(0, Math.round((frame.mean[index]! / top) * 8))] ?? '';
  return `${title}\n${table(
    [
      { title: 'TIME', value: (index: number) => new Date(frame.at[index]!).toLocaleString('sv') },
      { title: 'MIN', value: (index) => formatValue(frame.min[index]!, frame.unit), align: 'right' },
      { title: 'MEAN', value: (index) => formatValue(frame.mean[index]!, frame.unit), align: 'right' },
      { title: 'MAX', value: (index) => formatValue(frame.max[index]!, frame.unit), align: 'right' },
      { title: '', value: bar },
    ],
    rows,
    terminalWidth(),
  )}`;
}
