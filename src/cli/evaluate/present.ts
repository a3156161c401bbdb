import { type Column, table } from '../table.ts';
import type { Outcome } from './order.ts';
import { falseADay, groupLines, type Line, lineOf } from './summary.ts';

const NONE = '-';
const digits = (value: number | undefined, places: number): string =>
  value === undefined || !Number.isFinite(value) ? NONE : value.toFixed(places);

const share = (part = Number.NaN, whole = Number.NaN): string =>
  whole > 0 ? `${((part / whole) * 100).toFixed(1)} %` : NONE;

/** The measures of a line, as people read them. */
export const MEASURES: readonly Column<Line>[] = [
  { title: 'AUC-PR', value: ({ measures }) => digits(measures?.aucPr, 3), align: 'right' },
  { title: 'VUS-PR', value: ({ measures }) => digits(measures?.vusPr, 3), align: 'right' },
  { title: 'AUC-ROC', value: ({ measures }) => digits(measures?.aucRoc, 3), align: 'right' },
  {
    title: 'found',
    value: ({ measures }) => (measures?.events ? `${measures.events.found}/${measures.events.events}` : NONE),
    align: 'right',
  },
  { title: 'false/day', value: ({ measures }) => digits(falseADay(measures?.events), 2), align: 'right' },
  { title: 'worst', value: ({ worstFalseADay }) => digits(worstFalseADay, 2), align: 'right' },
  {
    title: 'alarm time',
    value: ({ measures }) => share(measures?.events?.falseDays, measures?.events?.days),
    align: 'right',
  },
  {
    title: 'cause first',
    value: ({ measures }) =>
      measures && measures.explained.events > 0
        ? `${measures.explained.right}/${measures.explained.events}`
        : NONE,
    align: 'right',
  },
];

const NAME: Column<Line> = {
  title: 'set',
  value: ({ name, sets }) => (sets === 1 ? name : `${name} (${sets})`),
};

/** A line for each set, then one for each group. */
const linesOf = (outcomes: readonly Outcome[]): readonly Line[] => [
  ...outcomes.map(lineOf),
  ...groupLines(outcomes).filter(({ sets }) => sets > 1),
];

/** For a terminal. */
export function textTable(outcomes: readonly Outcome[]): string {
  return table([NAME, ...MEASURES], linesOf(outcomes));
}

/** For a page. */
export function markdownTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    `|${columns.map(({ align }) => (align === 'right' ? '---:' : '---')).join('|')}|`,
    ...rows.map((row) => line(columns.map(({ value }) => value(row)))),
  ].join('\n');
}

export const markdownOf = (outcomes: readonly Outcome[]): string =>
  markdownTable([NAME, ...MEASURES], linesOf(outcomes));

/** For programs: what cannot be told is null. */
export function jsonOf(outcomes: readonly Outcome[]): object {
  return {
    detectors: outcomes[0]?.detectors ?? [],
    sets: outcomes.map((outcome) => ({
      ...jsonLine(lineOf(outcome)),
      scoreMicroseconds: outcome.scoreMicroseconds,
    })),
    groups: groupLines(outcomes).map(jsonLine),
  };
}

const jsonLine = ({ name, sets, measures, worstFalseADay }: Line): object => ({
  name,
  sets,
  ...measures,
  falseADay: falseADay(measures?.events),
  worstFalseADay,
});
