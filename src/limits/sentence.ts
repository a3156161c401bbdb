import { duration, printable, timeOfDay } from '../lib/text.ts';
import type { FullAt } from '../model/breach.ts';
import { formatValue, metricLabel, who } from '../model/display.ts';
import type { Series } from '../model/metric.ts';
import { type Assessment, BUCKETS, MINUTE_MS } from './horizon.ts';
import type { Named } from './limits.ts';
import { mountOf } from './rules.ts';
import type { Crossing } from './threshold.ts';

/** What people call what a limit is about: `file system /var`. Its mount point is escaped. */
export function subjectOf(series: Series): string {
  const mount = printable(mountOf(series) ?? '');
  switch (series.name) {
    case 'system.cpu.utilization':
      return 'CPU';
    case 'system.memory.utilization':
      return 'memory';
    case 'system.paging.utilization':
      return 'swap';
    case 'system.filesystem.utilization':
      return `file system ${mount}`;
    case 'system.filesystem.inode.utilization':
      return `inodes of ${mount}`;
    case 'system.linux.file_handles.utilization':
      return 'open files';
  }
  return metricLabel(series.key);
}

/** `File system /var: 93 %, above the limit of 90 % since 14:03:10; `dump` (pid 4711, started by `cron`, pid 700) accounts for 80 % of the change.` */
export function thresholdSentence(
  series: Series,
  { line, direction }: { readonly line: number; readonly direction: 'above' | 'below' },
  { since, worst }: Crossing,
  named: Named,
  now: number,
): string {
  const { unit } = series.definition;
  const seen = `${capital(subjectOf(series))}: ${formatValue(worst, unit)}`;
  return `${seen}, ${direction} the limit of ${formatValue(line, unit)} since ${timeOfDay(since, now)}${by(named)}.`;
}

/** `File system /var will be full in 6 h (4 h to 11 h), about 20:10:00: it grew by 12 % of its size in 4 h; ...` */
export function forecastSentence(
  series: Series,
  { full, growth, overMs }: Assessment & { readonly full: FullAt },
  named: Named,
  now: number,
): string {
  const when = `${describeFull(full, now)}, about ${timeOfDay(full.at, now)}`;
  const grew =
    growth === undefined ? '' : `: it grew by ${formatValue(growth, '1')} of its size in ${duration(overMs)}`;
  return `${capital(subjectOf(series))} will be full ${when}${grew}${by(named)}.`;
}

/** `in 6 h (4 h to 11 h)` */
export const describeFull = ({ at, earliest, latest }: FullAt, now: number): string =>
  `in ${duration(at - now)} (${duration(earliest - now)} to ${duration(latest - now)})`;

function by({ culprits: [culprit], of }: Named): string {
  if (!culprit) return '';
  return `; ${who(culprit)} ${culprit.group ? 'account' : 'accounts'} for ${Math.round(culprit.share * 100)} % of ${of}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What a forecast is made of, or why there is none. `seenMs`: for how long it was watched. */
export function whyOf(shown: Assessment | undefined, seenMs: number): string {
  const over = duration(shown?.overMs ?? 0);
  switch (shown?.verdict) {
    case undefined:
    case 'too little':
      return `${duration(seenMs)} of data: ${duration(BUCKETS * MINUTE_MS)} without a gap are needed`;
    case 'steady':
      return `it does not grow, seen over ${over}`;
    case 'came down':
      return `it comes and goes: in the last ${over} it was higher`;
    case 'in one go':
      return `it grew in one go, not evenly, seen over ${over}`;
    case 'slowing':
      return `its growth slows down: it levels off, seen over ${over}`;
    case 'seen before':
      return 'it was as high before, and came down again';
    case 'too far':
      return `it grows, but ${over} of it do not tell so far ahead`;
    case 'growing':
      return `it grew without coming back over the last ${over}`;
  }
}
