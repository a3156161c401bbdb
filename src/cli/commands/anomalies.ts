import type { Command } from 'commander';
import { duration, printable } from '../../lib/text.ts';
import type { Anomaly, BrokenMetric, Culprit } from '../../model/anomaly.ts';
import { type Breach, isBreach } from '../../model/breach.ts';
import { formatValue, metricLabel } from '../../model/display.ts';
import {
  addDataOption,
  addHostOption,
  addJsonOption,
  addPeriodOptions,
  checkPeriod,
  countArgument,
} from '../options.ts';
import { historyFolder, withHistory } from '../with-history.ts';

interface AnomaliesOptions {
  readonly data: string;
  readonly host?: string;
  readonly json?: true;
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

export function addAnomalies(program: Command): void {
  addPeriodOptions(addHostOption(addJsonOption(addDataOption(program.command('anomalies')))), '24h')
    .description(
      'what was unusual, what breached a limit and what will be full soon: since when, and which process accounts for it',
    )
    .option('--limit <n>', 'at most so many, newest first', countArgument, 20)
    .action(async (options: AnomaliesOptions) => {
      checkPeriod(options);
      const { from, to, limit } = options;
      const anomalies = await withHistory(historyFolder(options), (history) =>
        [...history.anomalies({ from, to, limit }), ...history.breaches({ from, to, limit })]
          .toSorted((one, other) => other.since - one.since)
          .slice(0, limit),
      );
      if (options.json) console.log(JSON.stringify(anomalies, null, 2));
      else if (anomalies.length === 0) console.log(`No anomalies since ${when(from)}.`);
      else console.log(anomalies.map(renderAnomaly).join('\n\n'));
    });
}

/** One anomaly or breach as a short paragraph. */
export function renderAnomaly(anomaly: Anomaly | Breach): string {
  const end = anomaly.closedAt === undefined ? 'open' : `for ${duration(anomaly.closedAt - anomaly.since)}`;
  const provisional = anomaly.provisional ? ', provisional' : '';
  return [
    `${anomaly.severity}  ${when(anomaly.since)}  ${end}${provisional}  (${anomaly.id})`,
    `  ${printable(anomaly.sentence)}`,
    ...(isBreach(anomaly) ? [] : anomaly.metrics)
      .slice(0, 5)
      .map((metric) => `    ${printable(renderMetric(metric))}`),
    ...anomaly.culprits
      .slice(0, 3)
      .map((culprit) => `    ${renderCulprit(culprit, isBreach(anomaly) ? '' : ' of the change')}`),
  ].join('\n');
}

const renderMetric = ({ metric, unit, observed, expectedLow, expectedHigh, share }: BrokenMetric): string =>
  `${metricLabel(metric)}: ${formatValue(observed, unit)}, usually ${formatValue(expectedLow, unit)} to ${formatValue(expectedHigh, unit)} (${percent(share)} of the score)`;

const renderCulprit = (culprit: Culprit, of: string): string =>
  printable(
    `${culprit.name} (pid ${culprit.pid}${culprit.parent ? `, started by ${culprit.parent.name}` : ''}): ${percent(culprit.share)}${of}, ${culprit.evidence}`,
  );

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const when = (at: number): string => new Date(at).toLocaleString('sv');
