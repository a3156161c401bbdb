import type { EventCounts } from '../../learn/evaluation/events.ts';
import type { Measures } from '../../learn/evaluation/measure.ts';
import type { Outcome } from './order.ts';

/** One line of a table: a set, or a group of them. */
export interface Line {
  readonly name: string;
  readonly sets: number;
  readonly measures: Measures | undefined;
  /** Of the set that has the most: false alarms a day. */
  readonly worstFalseADay: number;
}

/** Public collections by what the names of their sets begin with. */
const COLLECTIONS: readonly (readonly [string, string])[] = [
  ['machine-', 'SMD'],
  ['omi-', 'ASD'],
];

/** The collection of a set; of an unknown one, what its name begins with. */
export function groupOf(set: string): string {
  const known = COLLECTIONS.find(([prefix]) => set.startsWith(prefix));
  return known?.[1] ?? (/^[^\d]*[^\d\W_]/.exec(set)?.[0] || set);
}

export function lineOf({ set, measures }: Outcome): Line {
  return { name: set, sets: 1, measures, worstFalseADay: falseADay(measures?.events) };
}

/** A line for each group: the mean of the areas over its sets, the sums of events and days. */
export function groupLines(outcomes: readonly Outcome[]): readonly Line[] {
  const groups = Map.groupBy(outcomes, ({ set }) => groupOf(set));
  return [...groups].map(([name, members]) => {
    const measured = members.flatMap(({ measures }) => (measures ? [measures] : []));
    const rates = measured.map(({ events }) => falseADay(events)).filter(Number.isFinite);
    return {
      name,
      sets: members.length,
      measures: measured.length === 0 ? undefined : together(measured),
      worstFalseADay: rates.length === 0 ? Number.NaN : Math.max(...rates),
    };
  });
}

export const falseADay = (events: EventCounts | undefined): number =>
  events && events.days > 0 ? events.falseAlarms / events.days : Number.NaN;

function together(all: readonly Measures[]): Measures {
  const events = all.flatMap((one) => (one.events ? [one.events] : []));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    aucPr: mean(all.map(({ aucPr }) => aucPr)),
    vusPr: mean(all.map(({ vusPr }) => vusPr)),
    aucRoc: mean(all.map(({ aucRoc }) => aucRoc)),
    events:
      events.length === 0
        ? undefined
        : {
            events: sum(events.map((one) => one.events)),
            found: sum(events.map(({ found }) => found)),
            falseAlarms: sum(events.map(({ falseAlarms }) => falseAlarms)),
            days: sum(events.map(({ days }) => days)),
            falseDays: sum(events.map(({ falseDays }) => falseDays)),
          },
    explained: {
      events: sum(all.map(({ explained }) => explained.events)),
      right: sum(all.map(({ explained }) => explained.right)),
    },
  };
}

/** Of those that are numbers; NaN where none is. */
function mean(values: readonly number[]): number {
  const told = values.filter(Number.isFinite);
  return told.reduce((total, value) => total + value, 0) / told.length;
}
