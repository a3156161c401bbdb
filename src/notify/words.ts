import { duration, printable, truncate } from '../lib/text.ts';
import type { BrokenMetric, Culprit } from '../model/anomaly.ts';
import { formatRange, formatValue, metricLabel } from '../model/display.ts';
import type { Incident, Notice } from '../model/incident.ts';
import type { Told } from './notifier.ts';

/** What all channels say of a notice, without control characters; each channel escapes it for its own format. */
export interface Words {
  /** One line: `HIGH on db-1: CPU user time ...`. */
  readonly title: string;
  /** What became of it: `New`, `Risen to HIGH`, `Still open after 3 h`, `Over after 12 min`. */
  readonly state: string;
  readonly sentence: string;
  readonly host: string;
  /** `since 2026-11-21 14:02:11, machine; not yet calibrated`. */
  readonly about: string;
  readonly culprits: readonly string[];
  readonly evidence: readonly string[];
  readonly advice: readonly { readonly what: string; readonly command?: string }[];
  readonly link: string | undefined;
}

const MOST_METRICS = 5;
const MOST_CULPRITS = 3;
const MOST_ADVICE = 5;

export function wordsOf({ notice, advice, link, test }: Told): Words {
  const { incident } = notice;
  const host = printable(incident.host);
  const sentence = printable(incident.sentence);
  const state = stateOf(notice);
  const severity = test ? 'TEST' : notice.what === 'closed' ? 'OVER' : incident.severity;
  return {
    title: `${severity} on ${host}: ${sentence}`,
    state: test ? 'A test: nothing happened' : state,
    sentence,
    host,
    about: aboutOf(notice),
    culprits: incident.culprits.slice(0, MOST_CULPRITS).map(culpritText),
    evidence: incident.metrics.slice(0, MOST_METRICS).map((metric) => metricText(metric, bandOf(incident))),
    advice: advice.slice(0, MOST_ADVICE).map(({ what, command }) => ({
      what: printable(what),
      ...(command !== undefined && { command: printable(command) }),
    })),
    link,
  };
}

function stateOf({ what, at, incident }: Notice): string {
  const lasted = duration((incident.closedAt ?? at) - incident.since);
  const returns = incident.flapping ? '; it comes and goes' : '';
  switch (what) {
    case 'opened':
      return `${incident.returns > 0 ? 'Back again' : 'New'}${returns}`;
    case 'risen':
      return `Risen to ${incident.severity}${returns}`;
    case 'reminder':
      return `Still open after ${lasted}${returns}`;
    case 'closed':
      return `Over after ${lasted}${returns}`;
  }
}

function aboutOf({ incident }: Notice): string {
  const cause = incident.cause === '' ? '' : `; ${printable(incident.cause)}`;
  const provisional = incident.provisional ? '; the model behind it has not seen enough yet' : '';
  return `${incident.severity}, ${incident.kind}, since ${moment(incident.since)}${cause}${provisional}`;
}

/** Local time, with its zone: who reads it may be elsewhere. */
const moment = (at: number): string => `${new Date(at).toLocaleString('sv', { timeZoneName: 'short' })}`;

/** What the expected values are: what was learned of the machine, or the line that a person drew. */
export const bandOf = ({ kind }: Pick<Incident, 'kind'>): 'usually' | 'allowed' =>
  kind === 'threshold' || kind === 'forecast' ? 'allowed' : 'usually';

const metricText = (
  { metric, unit, observed, expectedLow, expectedHigh }: BrokenMetric,
  band: string,
): string =>
  printable(
    `${metricLabel(metric)}: ${formatValue(observed, unit)}, ${band} ${formatRange(expectedLow, expectedHigh, unit)}`,
  );

function culpritText({ name, pid, group, evidence, share, parent }: Culprit): string {
  const who = group ? `${group.count} of ${name}` : `${name} (pid ${pid})`;
  const by = parent ? `, started by ${parent.name}` : '';
  return printable(truncate(`${who}${by}: ${Math.round(share * 100)} % of the change, ${evidence}`, 300));
}

/** All of it as lines of plain text. */
export function plainText(words: Words): string {
  const { state, sentence, about, culprits, evidence, advice, link } = words;
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  - ${line}`)];
  return [
    `${state}.`,
    '',
    sentence,
    about,
    ...list('Who did it', culprits),
    ...list('What was seen', evidence),
    ...list(
      'What to do',
      advice.map(({ what, command }) => (command === undefined ? what : `${what}\n      ${command}`)),
    ),
    ...(link === undefined ? [] : ['', link]),
  ].join('\n');
}

/** Of several that are told together. */
export function digestTitle(notices: readonly Told[]): string {
  const open = notices.filter(({ notice }) => notice.what !== 'closed');
  const hosts = new Set(notices.map(({ notice }) => notice.incident.host));
  const where = hosts.size === 1 ? `on ${printable([...hosts][0]!)}` : `on ${hosts.size} hosts`;
  const high = open.filter(({ notice }) => notice.incident.severity === 'HIGH').length;
  const over = notices.length - open.length;
  const parts = [
    ...(open.length > 0 ? [`${open.length} open${high > 0 ? ` (${high} HIGH)` : ''}`] : []),
    ...(over > 0 ? [`${over} over`] : []),
  ];
  return `${notices.length} incidents ${where}: ${parts.join(', ')}`;
}

const RANK = { LOW: 0, MEDIUM: 1, HIGH: 2 } as const;

/** Open ones first, the gravest of them first. */
export const byWeight = (one: Told, other: Told): number =>
  Number(one.notice.what === 'closed') - Number(other.notice.what === 'closed') ||
  RANK[other.notice.incident.severity] - RANK[one.notice.incident.severity] ||
  one.notice.at - other.notice.at;
