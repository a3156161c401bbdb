import type { Check, ValidationReport } from '../../dataset/validation.ts';
import { duration, printable } from '../../lib/text.ts';
import type { Validated } from './run.ts';

/** As many names of a kind are shown. */
const MOST = 8;

export function render({ bus, store, passed }: Validated): string {
  const parts: string[] = [];
  if (bus) {
    const { missing, dropped, unexplained } = bus.log;
    const log = `${missing} ids missing: ${dropped} dropped at the bound, ${unexplained} unexplained`;
    parts.push(section("Events in the hub's log", 'events', bus, [['Log', log]]));
  }
  if (store) parts.push(section("Processes in this machine's history", 'processes', store, []));
  parts.push(passed ? 'All checks passed.' : 'NOT PASSED: see the checks above.');
  return parts.join('\n\n');
}

type Line = readonly [name: string, text: string];

function section(title: string, what: string, report: ValidationReport, more: readonly Line[]): string {
  const lines: Line[] =
    report.events === 0
      ? [['Events', `no ${what} at all in this period`]]
      : [...facts(what, report), ...paths(report), ...gaps(report)];
  const body = [...lines, ...more].map(([name, text]) => `${name.padEnd(12)} ${printable(text)}`);
  return [title, ...body, 'Checks', ...report.checks.map(checkLine)].join('\n');
}

function facts(what: string, report: ValidationReport): Line[] {
  const { events, payloads, undecoded, hosts, firstAt, lastAt, unique, users, envelopeBytes } = report;
  const about = unique.exact ? '' : 'about ';
  const lines: Line[] = [
    ['Events', `${events} ${what} (${counts(payloads)})`],
    ['Hosts', counts(hosts)],
    ['Time', `${time(firstAt)} to ${time(lastAt)}`],
    ['Unique', `${about}${unique.pids} pids, ${about}${unique.executables} executables`],
    ['Users', counts(users, 'uid ')],
  ];
  if (undecoded > 0) lines.push(['Undecoded', `${undecoded} ${what} that are no message of their kind`]);
  if (envelopeBytes) {
    const { min, median, p95, max, likeMac } = envelopeBytes;
    const like = `${likeMac.events} of ${likeMac.from} to ${likeMac.to} bytes (${percent(likeMac.events / events)})`;
    lines.push(['Envelopes', `${min} bytes at least, median ${median}, p95 ${p95}, at most ${max}; ${like}`]);
  }
  return lines;
}

function paths({ processes, executables, platforms, classes }: ValidationReport): Line[] {
  if (processes === 0) return [];
  const { valid, states, typical } = executables;
  return [
    ['Paths', `${percent(valid)} valid: ${counts(states)}`],
    [
      'Typical',
      `${percent(typical.own)} of their platform; of Linux ${percent(typical.linux)}, macOS ${percent(typical.darwin)}, Windows ${percent(typical.windows)}`,
    ],
    ['Platforms', counts(platforms)],
    ['Classes', shares(classes, processes)],
  ];
}

function gaps({ silences, clocks }: ValidationReport): Line[] {
  const lines: Line[] = [];
  if (Number.isFinite(silences.longerThanMs)) {
    lines.push(['Silences', `${silences.count} longer than ${duration(silences.longerThanMs)}`]);
    for (const { host, from, to } of silences.longest.slice(0, 3))
      lines.push(['', `${host}: ${duration(to - from)} from ${time(from)}`]);
  }
  if (clocks.unset + clocks.ahead > 0)
    lines.push(['Clocks', `${clocks.unset} events without a time, ${clocks.ahead} ahead of the hub's clock`]);
  return lines;
}

function checkLine({ name, value, unit, atLeast, atMost, passed }: Check): string {
  const show = (number: number): string => (unit === 'share' ? percent(number) : String(number));
  const bound = atLeast === undefined ? `at most ${show(atMost ?? 0)}` : `at least ${show(atLeast)}`;
  return `  ${passed ? 'passed' : 'FAILED'}  ${name}: ${show(value)}, wanted ${bound}`;
}

function counts(all: Readonly<Record<string, number>>, prefix = ''): string {
  const some = Object.entries(all)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  const shown = some.slice(0, MOST).map(([name, count]) => `${prefix}${name.replaceAll('_', ' ')} ${count}`);
  if (some.length > MOST) shown.push(`${some.length - MOST} more`);
  return shown.join(', ') || 'none';
}

const shares = (all: Readonly<Record<string, number>>, of: number): string =>
  Object.entries(all)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${percent(count / of)}`)
    .join(', ');

/** Never rounded up to the whole: 100.0 % means all. */
function percent(share: number | undefined): string {
  if (share === undefined) return '-';
  return `${share < 1 ? (Math.floor(share * 1000) / 10).toFixed(1) : '100.0'} %`;
}

const LATEST_DATE = 8.64e15;
const time = (at: number | undefined): string =>
  at === undefined || Math.abs(at) > LATEST_DATE ? '-' : new Date(at).toISOString();
