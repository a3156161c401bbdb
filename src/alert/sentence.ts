import { duration, timeOfDay } from '../lib/text.ts';
import type { BrokenMetric, Culprit } from '../model/anomaly.ts';
import { formatRange, formatValue, metricLabel, who } from '../model/display.ts';

/**
 * What, since when, how much, who: `CPU user time is 97 % (usually 1-6 %) since 14:03:10; `xmrig` (pid 4711, started by
 * `bash`, pid 4700) accounts for 96 % of the change.`
 */
export function machineSentence(
  metrics: readonly BrokenMetric[],
  culprits: readonly Culprit[],
  since: number,
  now: number,
): string {
  const [first, ...others] = metrics;
  const what = first
    ? `${subject(first.metric)} ${formatValue(first.observed, first.unit)} (usually ${formatRange(first.expectedLow, first.expectedHigh, first.unit)})`
    : 'The machine as a whole is unusual';
  const more = others.filter(({ share }) => share >= 0.1).slice(0, 2);
  const also = more.length > 0 ? `, with ${more.map(({ metric }) => metricLabel(metric)).join(' and ')}` : '';
  const [culprit] = culprits;
  const by = culprit
    ? `${who(culprit)} ${culprit.group ? 'account' : 'accounts'} for ${Math.round(culprit.share * 100)} % of the change`
    : 'no process stands out';
  return `${what}${also} since ${timeOfDay(since, now)}; ${by}.`;
}

const PLURAL =
  /(switches|interrupts|processes|threads|files|operations|errors|dropped|faults|retransmissions)( \(|$)/;

/** `CPU user time is`, `Context switches are`. */
function subject(metric: string): string {
  const label = metricLabel(metric);
  return `${label.charAt(0).toUpperCase()}${label.slice(1)} ${PLURAL.test(label) ? 'are' : 'is'}`;
}

/** `` `worker` (pid 4711, started by `systemd`, pid 1) has shown no sign of life since 14:03:10 ... `` */
export function silenceSentence(
  culprit: Culprit,
  since: number,
  now: number,
  {
    how,
    activeShare,
    watchedMs,
  }: { readonly how: string; readonly activeShare: number; readonly watchedMs: number },
): string {
  const usual = `it was active in ${Math.floor(activeShare * 100)} % of the looks at it over ${duration(watchedMs)} before`;
  return `${who(culprit)} has shown no sign of life since ${timeOfDay(since, now)}: ${how}; ${usual}.`;
}

/** `` `worker` (pid 4711, started by `systemd`, pid 1) keeps taking memory, 20 MB a minute ... `` */
export function growthSentence(
  culprit: Culprit,
  since: number,
  now: number,
  {
    from,
    to,
    perMinute,
    fullSeconds,
  }: {
    readonly from: number;
    readonly to: number;
    readonly perMinute: number;
    readonly fullSeconds: number;
  },
): string {
  const amount = `${formatValue(perMinute, 'By')} a minute`;
  const rise = `${formatValue(from, 'By')} -> ${formatValue(to, 'By')}`;
  const full = `alone it would fill the machine's memory in ${duration(fullSeconds * 1000)}`;
  return `${who(culprit)} keeps taking memory since ${timeOfDay(since, now)}: ${amount} without a pause (${rise}); ${full}.`;
}
