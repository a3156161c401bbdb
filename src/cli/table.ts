import { printable, truncate } from '../lib/text.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** The one column that gives way where the terminal is narrow. */
  readonly flexible?: boolean;
}

/** Rows as aligned text, hostile characters escaped; no line is wider than `width` while a flexible column can shrink. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width = terminalWidth(),
): string {
  const cells = rows.map((row) => columns.map((column) => printable(column.value(row))));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((line) => line[index]!.length)),
  );
  const flexible = columns.findIndex((column) => column.flexible);
  const excess = widths.reduce((sum, one) => sum + one, 0) + 2 * (columns.length - 1) - width;
  if (flexible >= 0 && excess > 0)
    widths[flexible] = Math.max(columns[flexible]!.title.length, 12, widths[flexible]! - excess);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => {
        const cut = truncate(text, widths[index]!);
        return columns[index]!.align === 'right' ? cut.padStart(widths[index]!) : cut.padEnd(widths[index]!);
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...cells.map(line)].join('\n');
}

export const terminalWidth = (): number => process.stdout.columns ?? 120;
