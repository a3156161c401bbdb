import { HANDED } from '../../alert/incidents/telling.ts';
import { duration, printable, timeOfDay } from '../../lib/text.ts';
import { formatRange, formatValue, metricLabel } from '../../model/display.ts';
import type { EvidenceFrame, TopProcess, TopScan } from '../../model/evidence.ts';
import type { Decision, Incident } from '../../model/incident.ts';
import { table } from '../table.ts';
import type { WithEvidence } from './archives.ts';

/** Characters of a chart, at most. */
const CHART = 60;
const BLOCKS = ' ▁▂▃▄▅▆▇█';
const METRICS = 5;
const PROCESSES = 8;
const BEFORE_MS = 10 * 60_000;

/** An incident for people: what it is, what happened when, what was measured. */
export function renderIncident({ incident, evidence, ofHub }: WithEvidence, now: number): string {
  const charts = incident.metrics.slice(0, METRICS).flatMap((broken) => {
    const frame = evidence.frames.find(({ metric }) => metric === broken.metric);
    const { metric, observed, expectedLow, expectedHigh, unit } = broken;
    const seen = `${metricLabel(metric)}: ${formatValue(observed, unit)}, expected ${formatRange(expectedLow, expectedHigh, unit)}`;
    return [printable(seen), ...(frame ? chart(frame, incident, unit, now) : [])];
  });
  const culprits = incident.culprits.map(
    ({ name, pid, share, evidence: did }) => `${name} (pid ${pid}): ${percent(share)} of the change, ${did}`,
  );
  return [
    head(incident, ofHub, now),
    ...section('What happened', timeline(incident, now)),
    ...section('What broke', charts),
    ...section('Who', [...culprits.map(printable), ...courses(evidence.scans, incident, now)]),
    ...section('Processes', processes(evidence.scans, incident, now)),
  ].join('\n');
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];

const percent = (share: number): string => `${Math.round(share * 100)} %`;

function head(incident: Incident, ofHub: boolean, now: number): string {
  const { id, severity, state, since, closedAt, cause, host, kind, sentence } = incident;
  const lasts = duration((closedAt ?? now) - since);
  const flags = [
    ...(incident.provisional ? ['provisional: what found it has not seen enough of this machine yet'] : []),
    ...(incident.flapping ? ['flapping'] : []),
    ...(incident.returns > 0
      ? [`came back ${incident.returns === 1 ? 'once' : `${incident.returns} times`}`]
      : []),
    ...(incident.expected === undefined ? [] : [incident.expected]),
    ...(incident.verdict === 'confirmed' ? ['confirmed as real'] : []),
  ];
  return [
    `${severity}  ${state === 'open' ? `open for ${lasts}` : `closed, lasted ${lasts}`}  ${printable(cause)}`,
    `  ${printable(sentence)}`,
    `  id ${id}, kind ${kind}${ofHub ? `, host ${printable(host)}` : ''}, since ${new Date(since).toLocaleString('sv')}`,
    ...flags.map((flag) => `  ${printable(flag)}`),
  ].join('\n');
}

/** Signals and decisions, in the order of time. */
function timeline({ signals, decisions }: Incident, now: number): readonly string[] {
  const lines = [
    ...signals.flatMap(({ kind, severity, since, raisedAt, closedAt, sentence }) => [
      { at: raisedAt, text: `${kind} ${severity}, begun ${timeOfDay(since, now)}: ${sentence}` },
      ...(closedAt === undefined ? [] : [{ at: closedAt, text: `${kind} is over` }]),
    ]),
    ...decisions.map((decision) => ({ at: decision.at, text: decided(decision) })),
  ];
  return lines
    .toSorted((one, other) => one.at - other.at)
    .map(({ at, text }) => `${timeOfDay(at, now)}  ${printable(text)}`);
}

const decided = ({ what, told, why }: Decision): string =>
  `${what}: ${told || why.endsWith(HANDED) ? '' : 'not told, '}${why}`;

/** The values as a line of blocks, and below it where the incident began. */
function chart(
  { at, value }: EvidenceFrame,
  incident: Incident,
  unit: string,
  now: number,
): readonly string[] {
  const from = Math.max(at[0] ?? incident.since, incident.since - BEFORE_MS);
  const to = Math.max(from + 1, Math.min(at.at(-1) ?? now, (incident.closedAt ?? now) + BEFORE_MS / 10));
  const shown = at.reduce((count, moment) => count + (moment >= from && moment <= to ? 1 : 0), 0);
  const width = Math.max(1, Math.min(CHART, shown));
  const most = new Array<number>(width).fill(Number.NaN);
  const placeOf = (moment: number): number =>
    Math.min(width - 1, Math.max(0, Math.floor(((moment - from) / (to - from)) * width)));
  for (const [index, moment] of at.entries()) {
    if (moment < from || moment > to || Number.isNaN(value[index]!)) continue;
    const place = placeOf(moment);
    most[place] = Number.isNaN(most[place]!) ? value[index]! : Math.max(most[place]!, value[index]!);
  }
  const seen = most.filter(Number.isFinite);
  if (seen.length === 0) return [];
  const top = Math.max(...seen);
  const line = most.map((one) =>
    Number.isNaN(one) ? ' ' : BLOCKS[top > 0 ? Math.ceil((one / top) * 8) : 0]!,
  );
  return [
    `${line.join('')}  up to ${formatValue(top, unit)}`,
    incident.since < from
      ? `from ${timeOfDay(from, now)}`
      : `${' '.repeat(placeOf(incident.since))}^ ${timeOfDay(incident.since, now)}`,
  ];
}

/** What the first culprit took, look by look. */
function courses(scans: readonly TopScan[], incident: Incident, now: number): readonly string[] {
  const [culprit] = incident.culprits;
  const seen = scans.flatMap(({ at, processes: top }) => {
    const process = top.find(({ id }) => id === culprit?.id);
    return process ? [{ at, process }] : [];
  });
  if (!culprit || seen.length < 2) return [];
  const course = (title: string, unit: string, of: (process: TopProcess) => number | undefined): string[] => {
    const value = Float64Array.from(seen, ({ process }) => of(process) ?? Number.NaN);
    const frame = { metric: title, at: Float64Array.from(seen, ({ at }) => at), value };
    const lines = chart(frame, incident, unit, now);
    return lines.length === 0
      ? []
      : [printable(`${title} of ${culprit.name} (pid ${culprit.pid})`), ...lines];
  };
  return [...course('CPU', '1', ({ cpu }) => cpu), ...course('memory', 'By', ({ rss }) => rss)];
}

/** The look at which most was going on while it lasted, or the last one that there is. */
function processes(scans: readonly TopScan[], { since, closedAt }: Incident, now: number): readonly string[] {
  const during = scans.filter(({ at }) => at >= since && at <= (closedAt ?? now));
  const load = ({ processes: top }: TopScan): number => top.reduce((sum, { cpu }) => sum + (cpu ?? 0), 0);
  const scan = during.toSorted((one, other) => load(other) - load(one))[0] ?? scans.at(-1);
  if (!scan) return [];
  const rows = scan.processes.slice(0, PROCESSES);
  const text = table<TopProcess>(
    [
      { title: 'PID', value: ({ pid }) => String(pid), align: 'right' },
      { title: 'CPU', value: ({ cpu }) => (cpu === undefined ? '' : formatValue(cpu, '1')), align: 'right' },
      { title: 'MEMORY', value: ({ rss }) => formatValue(rss, 'By'), align: 'right' },
      { title: 'READ', value: ({ readRate }) => rate(readRate), align: 'right' },
      { title: 'WRITE', value: ({ writeRate }) => rate(writeRate), align: 'right' },
      { title: 'PROGRAM', value: ({ name, executable }) => executable ?? name, flexible: true },
    ],
    rows,
  );
  return [`at ${timeOfDay(scan.at, now)}, of ${scans.length} looks kept`, ...text.split('\n')];
}

const rate = (value: number | undefined): string => (value === undefined ? '' : formatValue(value, 'By/s'));
