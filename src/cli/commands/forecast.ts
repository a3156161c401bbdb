import type { Command } from 'commander';
import { duration } from '../../lib/text.ts';
import type { Forecast } from '../../model/breach.ts';
import { formatValue } from '../../model/display.ts';
import { addDataOption, addHostOption, addJsonOption } from '../options.ts';
import { type Column, table } from '../table.ts';
import { historyFolder, withHistory } from '../with-history.ts';

interface ForecastOptions {
  readonly data: string;
  readonly host?: string;
  readonly json?: true;
}

const HELP = `
The trend is a robust line through the lowest values of each part of a window
of half an hour to eleven days, so that what comes and goes (rotated logs,
collected heaps, a nightly cleanup) is no growth. A time is told no further
ahead than three times as long as the growth was seen. It reads the history,
whether Homeostat runs or not.`;

export function addForecast(program: Command): void {
  addHostOption(addJsonOption(addDataOption(program.command('forecast'))))
    .description('when file systems, memory and swap will be full, or why that cannot be told')
    .addHelpText('after', HELP)
    .action(async (options: ForecastOptions) => {
      const { forecastsOf } = await import('../../limits/limits.ts');
      const forecasts = await withHistory(historyFolder(options), (history) =>
        forecastsOf(history, Date.now()),
      );
      if (options.json) console.log(JSON.stringify(forecasts, null, 2));
      else if (forecasts.length === 0) console.log('Nothing was seen yet that can run full.');
      else console.log(table(COLUMNS, forecasts));
    });
}

const COLUMNS: readonly Column<Forecast>[] = [
  { title: 'WHAT', value: ({ subject }) => subject },
  { title: 'USED', value: ({ level }) => formatValue(level, '1'), align: 'right' },
  { title: 'A DAY', value: trendOf, align: 'right' },
  { title: 'OVER', value: ({ overMs }) => (overMs === undefined ? '-' : duration(overMs)), align: 'right' },
  { title: 'FULL IN', value: fullIn, align: 'right' },
  { title: 'BETWEEN', value: between, align: 'right' },
  { title: 'WHY', value: ({ why }) => why, flexible: true },
];

function trendOf({ perDay }: Forecast): string {
  if (perDay === undefined) return '-';
  return `${perDay < 0 ? '-' : '+'}${formatValue(Math.abs(perDay), '1')}`;
}

function fullIn({ full, at }: Forecast): string {
  return full ? duration(full.at - at) : '-';
}

function between({ full, at }: Forecast): string {
  return full ? `${duration(full.earliest - at)} to ${duration(full.latest - at)}` : '-';
}
