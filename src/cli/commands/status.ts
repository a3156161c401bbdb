import type { Command } from 'commander';
import { duration, printable } from '../../lib/text.ts';
import { describeFull } from '../../limits/sentence.ts';
import { describeAlarmRate } from '../../model/alarm-rate.ts';
import type { Breach } from '../../model/breach.ts';
import type { CollectorReport, Coverage } from '../../model/coverage.ts';
import { formatValue, metricLabel } from '../../model/display.ts';
import type { DriftState } from '../../model/drift.ts';
import type { LearningState } from '../../model/learning.ts';
import type { AlarmState, OtlpStatus, ToldStatus } from '../../model/status.ts';
import { requireRunning } from '../client.ts';
import { addDataOption, addHostOption, addJsonOption } from '../options.ts';
import { publishLines } from '../publish-lines.ts';
import { table } from '../table.ts';

export function addStatus(program: Command): void {
  addHostOption(addJsonOption(addDataOption(program.command('status'))))
    .description('what Homeostat sees on this machine, how far it has learned, and where it is blind')
    .action(async (options: { data: string; host?: string; json?: true }) => {
      const { data, host, json } = options;
      const client = requireRunning(data, host);
      const status = await client.get<ToldStatus>('status', { host });
      const page = `${client.run.address}${host === undefined ? '' : `/?host=${host}`}`;
      console.log(json ? JSON.stringify(status, null, 2) : renderStatus(status, page));
    });
}

/** The status for a person: a line a subject, then a line a collector. `address`: of the dashboard. */
export function renderStatus(status: ToldStatus, address: string): string {
  const { host, store, coverage, learning, alarms, presence } = status;
  const age =
    status.lastSampleAt === undefined ? 'none yet' : `${duration(status.at - status.lastSampleAt)} ago`;
  const lines = [
    line('Homeostat', describeProgram(status)),
    ...(presence ? [line('Heard', describePresence(presence, status.at))] : []),
    line('Host', describeHost(host)),
    line('Dashboard', address),
    ...(learning ? [line('Learning', describeLearning(learning))] : []),
    ...(learning?.drift ? [line('Drift', describeDrift(learning.drift))] : []),
    line('Score', describeScore(status)),
    line(
      'Incidents',
      status.openIncidents === 0 ? 'none open' : `${status.openIncidents} open; see 'homeostat incidents'`,
    ),
    line(
      'Anomalies',
      status.openAnomalies === 0 ? 'none open' : `${status.openAnomalies} open; see 'homeostat anomalies'`,
    ),
    ...limitLines(status.limits.open, status.at),
    ...(alarms ? [line('Alarms', describeAlarms(alarms))] : []),
    line('Last sample', `${age}; ${describeIntervals(status)}`),
    line(
      'History',
      `${store.series} series, ${formatValue(store.bytes, 'By')} of at most ${formatValue(store.capBytes, 'By')} in ${status.dataFolder}`,
    ),
    ...(status.publish
      ? publishLines(status.publish, status.at).map(([name, text]) => line(name, text))
      : []),
    ...(status.otlp ? [line('OTLP', describeOtlp(status.otlp))] : []),
    line('Coverage', describeCoverage(coverage)),
  ];
  if (coverage) lines.push(...coverageLines(coverage));
  return lines.join('\n');
}

/** A line for the limits, and one for what will be full soon. */
function limitLines(open: readonly Breach[], now: number): string[] {
  const of = (kind: Breach['kind'], none: string): string => {
    const sentences = open
      .filter((breach) => breach.kind === kind)
      .map((breach) => describeBreach(breach, now));
    return sentences.length === 0 ? none : sentences.join('; ');
  };
  return [
    line('Limits', of('threshold', 'none is breached')),
    line('Forecast', of('forecast', "nothing will be full soon; see 'homeostat forecast'")),
  ];
}

function describeBreach({ severity, metrics, line: limit, full, since }: Breach, now: number): string {
  const [broken] = metrics;
  if (!broken) return severity;
  const subject = metricLabel(broken.metric);
  if (full) return `${severity} ${subject}: full ${describeFull(full, now)}`;
  const { observed, unit } = broken;
  return `${severity} ${subject} ${formatValue(observed, unit)} (limit ${formatValue(limit, unit)}) for ${duration(now - since)}`;
}

function coverageLines(coverage: Coverage): string[] {
  const lines: string[] = [];
  if (coverage.storeProblem !== undefined)
    lines.push(line('Not stored', `${coverage.storeProblem}; the latest data waits in memory`));
  for (const loss of coverage.losses)
    lines.push(line('Lost', `${loss.count > 0 ? `${loss.count} ` : ''}${loss.what}: ${loss.why}`));
  if (coverage.collectors.length > 0) lines.push('', collectorTable(coverage.collectors));
  for (const collector of coverage.collectors) {
    for (const spot of collector.blind) {
      const remedy = spot.remedy ? `; ${spot.remedy}` : '';
      lines.push(printable(`  ${collector.collector} cannot see ${spot.what}: ${spot.why}${remedy}`));
    }
  }
  return lines;
}

function describeOtlp({ endpoint, metrics, findings, problem }: OtlpStatus): string {
  const waiting = metrics.waiting + findings.waiting;
  const taken = `${metrics.sent} reports and ${findings.sent} findings since the start`;
  const waits = waiting > 0 ? `; ${waiting} wait` : '';
  return problem === undefined
    ? `to ${endpoint}: ${taken}${waits}`
    : `to ${endpoint}, which does NOT take it: ${problem}; ${taken}${waits}`;
}

const line = (name: string, text: string): string => `${name.padEnd(12)} ${printable(text)}`;

function describeProgram({ version, startedAt, at, self }: ToldStatus): string {
  const running = startedAt === undefined ? [] : [`running for ${duration(at - startedAt)}`];
  return [version ?? 'not told', ...running, ...(self ? [ownCost(self)] : [])].join(', ');
}

function describeHost({ name, os, kernel, cpus, memory }: ToldStatus['host']): string {
  const system = os === undefined ? [] : [`${os} ${kernel ?? ''}`.trim()];
  const size = memory === undefined ? [] : [`${cpus} CPUs`, `${formatValue(memory, 'By')} of memory`];
  return [name, ...system, ...size].join(', ');
}

function describeCoverage(coverage: Coverage | undefined): string {
  if (!coverage) return 'not told yet';
  return coverage.healthy ? 'everything that it should see is seen' : 'BLIND in part: see below';
}

const ownCost = (self: NonNullable<ToldStatus['self']>): string =>
  `pid ${self.pid}, ${formatValue(self.rss, 'By')}${self.cpu === undefined ? '' : `, ${(self.cpu * 100).toFixed(1)} % of a core`}`;

function describeScore({ score }: ToldStatus): string {
  if (score === undefined) return 'none before the first model';
  return `${score.value.toFixed(1)} (${score.severity ? `${score.severity}${howRare(score.returnPeriodSeconds)}` : 'usual'})`;
}

function describeIntervals({ intervals, presence }: ToldStatus): string {
  if (!intervals) return `heard every ${duration(presence?.everyMs ?? 0)}`;
  const { metricsMs, processesMs, reason } = intervals;
  return `metrics every ${metricsMs / 1000} s, processes every ${processesMs / 1000} s (${reason})`;
}

/** Whether a hub hears the host. */
function describePresence({ state, since, seenAt }: NonNullable<ToldStatus['presence']>, at: number): string {
  const heard = seenAt === undefined ? '' : `, last heard ${duration(at - seenAt)} ago`;
  const lasts = since === undefined ? '' : ` for ${duration(at - since)}`;
  return `${{ up: 'up', silent: 'SILENT', stopped: 'stopped on purpose', never: 'never heard', revoked: 'let in no longer' }[state]}${lasts}${heard}`;
}

const describeAlarms = ({ wishedPerWeek, model, lately }: AlarmState): string =>
  describeAlarmRate({ wishedPerWeek, expectedPerWeek: model?.expectedPerWeek, limit: model?.limit }, lately);

/** Beyond it a return period is a figure of the model, not of the machine. */
const LONGEST_YEARS = 10;

function howRare(seconds: number | undefined): string {
  if (seconds === undefined) return '';
  return seconds < LONGEST_YEARS * 365 * 86_400
    ? `, as rare as once in ${duration(seconds * 1000)}`
    : `, rarer than once in ${LONGEST_YEARS} years`;
}

/** Where learning stands and what is missing, in one line. */
export function describeLearning(learning: LearningState): string {
  const parts: string[] = [learning.phase];
  if (learning.neededMs !== undefined && learning.nextPhase !== undefined) {
    const missing = Math.max(0, learning.neededMs - learning.seenMs);
    parts.push(
      `${duration(learning.seenMs)} of ${duration(learning.neededMs)} seen, ${learning.nextPhase} in ${duration(missing)}`,
    );
  }
  if (learning.phase === 'collecting') parts.push('nobody is alarmed before the first model');
  if (learning.training)
    parts.push(`training: ${learning.training.step}, ${Math.round(learning.training.done * 100)} %`);
  const { shadow } = learning;
  if (shadow)
    parts.push(`${shadow.id} runs beside, ${duration(shadow.seenMs)} of ${duration(shadow.neededMs)} seen`);
  if (learning.problem) parts.push(`problem: ${learning.problem}`);
  return parts.join('; ');
}

/** Of the metrics that drifted, so many are named. */
const MOST_DRIFTED = 3;

/** How far the machine is from what its model was trained on, in one line. */
function describeDrift({ windowMs, seenMs, checkedAt, metrics, drifted, due }: DriftState): string {
  if (checkedAt === undefined)
    return `${duration(seenMs)} of the ${duration(windowMs)} seen that are compared with the training`;
  const window = `the last ${duration(windowMs)}`;
  if (drifted.length === 0) return `none: ${window} are as the training was`;
  const named = drifted
    .slice(0, MOST_DRIFTED)
    .map(
      ({ metric, index, limit }) => `${metricLabel(metric)} ${index.toFixed(2)} (limit ${limit.toFixed(2)})`,
    );
  const more = drifted.length > MOST_DRIFTED ? ` and ${drifted.length - MOST_DRIFTED} more` : '';
  const then = due ? '; a new model is trained' : '';
  return `${drifted.length} of ${metrics} metrics in ${window}: ${named.join(', ')}${more}${then}`;
}

const collectorTable = (collectors: readonly CollectorReport[]): string =>
  table(
    [
      { title: 'COLLECTOR', value: (report: CollectorReport) => report.collector },
      { title: 'STATE', value: (report) => report.outcome },
      { title: 'TOOK', value: (report) => `${report.durationMs.toFixed(1)} ms`, align: 'right' },
      { title: 'METRICS', value: (report) => String(report.metrics), align: 'right' },
      { title: 'FAILED', value: (report) => `${report.failures} of ${report.runs}`, align: 'right' },
      {
        title: 'BLIND',
        value: (report) => (report.blind.length === 0 ? '-' : String(report.blind.length)),
        align: 'right',
      },
      { title: 'ERROR', value: (report) => report.error ?? '', flexible: true },
    ],
    collectors,
  );
