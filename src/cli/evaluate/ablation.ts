import { type Column, table } from '../table.ts';
import type { Outcome } from './order.ts';
import { MEASURES, markdownTable } from './present.ts';
import { groupLines, groupOf, type Line } from './summary.ts';

/** Detectors that are judged together, and what a person calls them. */
export interface Combination {
  readonly title: string;
  readonly detectors: readonly string[];
}

/** What ships first, then it without each of its detectors, then each detector there is by itself. */
export function combinationsOf(
  shipped: readonly string[],
  available: readonly string[],
): readonly Combination[] {
  const all = [
    { title: 'what ships', detectors: shipped },
    ...shipped.map((name) => ({
      title: `without ${name}`,
      detectors: shipped.filter((other) => other !== name),
    })),
    ...available.map((name) => ({ title: `${name} alone`, detectors: [name] })),
  ];
  // Where two ship, each without the other is one alone.
  const seen = new Set<string>();
  return all.filter(({ detectors }) => {
    const key = detectors.join();
    const isNew = detectors.length > 0 && !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** A line for each combination, as of one group of sets. */
interface Compared extends Line {
  readonly title: string;
}

const TITLE: Column<Compared> = { title: 'detectors', value: ({ title }) => title };

interface Group {
  readonly name: string;
  readonly lines: readonly Compared[];
}

function groupsOf(combinations: readonly Combination[], outcomes: readonly Outcome[]): readonly Group[] {
  const groups = Map.groupBy(outcomes, ({ set }) => groupOf(set));
  return [...groups].map(([name, members]) => {
    const lines = combinations.flatMap(({ title, detectors }) => {
      const own = members.filter((outcome) => outcome.detectors.join() === detectors.join());
      return groupLines(own).map((line) => ({ ...line, title }));
    });
    const sets = new Set(members.map(({ set }) => set)).size;
    return { name: `${name}, ${sets} ${sets === 1 ? 'set' : 'sets'}`, lines };
  });
}

/** A table for each group of sets, for a terminal. */
export function ablationText(combinations: readonly Combination[], outcomes: readonly Outcome[]): string {
  return groupsOf(combinations, outcomes)
    .map(({ name, lines }) => `${name}\n${table([TITLE, ...MEASURES], lines)}`)
    .join('\n\n');
}

/** The same for a page. */
export function ablationMarkdown(combinations: readonly Combination[], outcomes: readonly Outcome[]): string {
  return groupsOf(combinations, outcomes)
    .map(({ name, lines }) => `${name}:\n\n${markdownTable([TITLE, ...MEASURES], lines)}`)
    .join('\n\n');
}
