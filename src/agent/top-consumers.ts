import { culpritOf, parentOf } from '../alert/culprit.ts';
import type { BrokenMetric, Culprit } from '../model/anomaly.ts';
import { formatValue } from '../model/display.ts';
import type { History } from '../model/history.ts';
import { parseSeriesKey } from '../model/metric.ts';
import type { MetricGroup } from '../model/names.ts';
import type { Process } from '../model/process.ts';

const MOST = 5;
/** Of the machine's sum over all processes; less is not named. */
const LEAST_SHARE = 0.05;
/** Processes whose past is looked up, those that have most now. */
const LOOKED_UP = 20;
const MINUTE_S = 60;

/** What a process has of a resource, and how that is said. */
interface Measure {
  of(process: Process): number | undefined;
  readonly unit: string;
  readonly what: string;
}

const MEASURES: Readonly<Partial<Record<MetricGroup, Measure>>> = {
  cpu: { of: ({ cpu }) => cpu, unit: '1', what: 'CPU of one core' },
  load: { of: ({ cpu }) => cpu, unit: '1', what: 'CPU of one core' },
  memory: { of: ({ rss }) => rss, unit: 'By', what: 'resident memory' },
  process: { of: ({ openFiles }) => openFiles, unit: '{file}', what: 'open files' },
};

/** The processes that have most of what a metric is about; none for what the kernel does not count by process. */
export function topConsumers(metric: BrokenMetric, processes: readonly Process[]): readonly Culprit[] {
  const measure = measureOf(metric);
  if (!measure) return [];
  const amounts = processes.map((process) => ({ process, amount: measure.of(process) ?? 0 }));
  const whole = amounts.reduce((sum, { amount }) => sum + amount, 0);
  return named(amounts, whole, processes, (amount) => `${formatValue(amount, measure.unit)} ${measure.what}`);
}

/** The processes that took most of what runs full since `since`, by their minutes in the history. */
export function topGrowers(
  metric: BrokenMetric,
  since: number,
  now: number,
  processes: readonly Process[],
  history: Pick<History, 'processHistory'>,
): readonly Culprit[] {
  const group = parseSeriesKey(metric.metric)?.definition.group;
  if (group !== 'memory' && group !== 'filesystem') return [];
  const size = ({ rss, writeBytes = 0 }: Process): number => (group === 'memory' ? rss : writeBytes);
  const largest = processes.toSorted((one, other) => size(other) - size(one)).slice(0, LOOKED_UP);
  const amounts = largest.map((process) => {
    const points = history.processHistory(process.id, since, now);
    const written = points.reduce(
      (sum, { writeRate }) => sum + (writeRate > 0 ? writeRate * MINUTE_S : 0),
      0,
    );
    const grown = process.rss - (process.startedAt > since ? 0 : (points[0]?.rss ?? process.rss));
    return { process, amount: Math.max(0, group === 'memory' ? grown : written) };
  });
  const whole = amounts.reduce((sum, { amount }) => sum + amount, 0);
  const verb = group === 'memory' ? 'resident memory grew by' : 'wrote';
  return named(amounts, whole, processes, (amount) => `${verb} ${formatValue(amount, 'By')} since it began`);
}

function measureOf({ metric }: BrokenMetric): Measure | undefined {
  const series = parseSeriesKey(metric);
  if (!series || (series.definition.group === 'process' && !series.name.includes('file_handles')))
    return undefined;
  return MEASURES[series.definition.group];
}

function named(
  amounts: readonly { readonly process: Process; readonly amount: number }[],
  whole: number,
  processes: readonly Process[],
  evidence: (amount: number) => string,
): readonly Culprit[] {
  return amounts
    .filter(({ amount }) => amount > 0 && amount >= LEAST_SHARE * whole)
    .sort((one, other) => other.amount - one.amount || one.process.pid - other.process.pid)
    .slice(0, MOST)
    .map(({ process, amount }) => {
      const parent = processes.find(({ pid }) => pid === process.ppid);
      return culpritOf(process, parentOf(parent), { share: amount / whole, evidence: evidence(amount) });
    });
}
