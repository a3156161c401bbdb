import { printable } from '../../lib/text.ts';
import type { Incident } from '../../model/incident.ts';
import type { Counts, Differences } from './differences.ts';

/** What was played, and how fast. */
export interface Played {
  readonly from: number;
  readonly to: number;
  /** What both sides are called. */
  readonly before: string;
  readonly after: string;
  /** Rows of metrics, 0 where only what was found was played, and the time that they took on one side, seconds. */
  readonly rows: number;
  readonly seconds: number;
  readonly signals: number;
  /** For a person. */
  readonly notes: readonly string[];
}

export function renderReplay(played: Played, differences: Differences): string {
  const { added, gone, changed, same } = differences;
  const lines = [
    ...added.map((one) => `+ added    ${short(one)}`),
    ...gone.map((one) => `- gone     ${short(one)}`),
    ...changed.map(
      ({ after, how }) => `~ changed  ${short(after)}\n             ${how.map(printable).join('; ')}`,
    ),
  ];
  return [
    header(played),
    ...played.notes.map(printable),
    '',
    ...figures(played, differences),
    '',
    `${added.length} added, ${gone.length} gone, ${changed.length} changed, ${same} the same`,
    ...lines,
  ].join('\n');
}

function header({ from, to, rows, seconds, signals }: Played): string {
  const period = `${when(from)} to ${when(to)}`;
  if (rows === 0) return `${period}: ${signals} findings`;
  const rate = Math.round(rows / seconds).toLocaleString('en');
  return `${period}: ${rows.toLocaleString('en')} rows on each side, ${rate} rows a second, and ${signals} findings of processes`;
}

function figures({ before, after }: Played, differences: Differences): readonly string[] {
  const rows: readonly (readonly [string, (counts: Counts) => number])[] = [
    ['Incidents', ({ incidents }) => incidents],
    ['  told', ({ told }) => told],
    ['  HIGH', ({ severities }) => severities.HIGH],
    ['  MEDIUM', ({ severities }) => severities.MEDIUM],
    ['  LOW', ({ severities }) => severities.LOW],
  ];
  const width = Math.max(before.length, after.length, 6);
  const line = (title: string, one: string, other: string): string =>
    `${title.padEnd(11)}  ${one.padStart(width)}  ${other.padStart(width)}`;
  return [
    line('', before, after),
    ...rows.map(([title, of]) => line(title, String(of(differences.before)), String(of(differences.after)))),
  ];
}

const short = ({ severity, since, cause, id }: Incident): string =>
  `${severity.padEnd(6)}  ${when(since)}  ${printable(cause)}  (${id.slice(0, 8)})`;

const when = (at: number): string => new Date(at).toLocaleString('sv');
