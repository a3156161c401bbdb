/** The head of a column that sorts its table. */
export function Heading({
  name,
  title,
  sorted,
  onSort,
  number = false,
  wide = false,
}: {
  /** Its class. */
  readonly name: string;
  readonly title: string;
  readonly sorted: 'ascending' | 'descending' | 'none';
  readonly onSort: () => void;
  readonly number?: boolean;
  /** Left out on a narrow screen. */
  readonly wide?: boolean;
}) {
  return (
    <th class={`${number ? 'number' : ''} ${wide ? 'wide' : ''} ${name}`} aria-sort={sorted}>
      <button type="button" onClick={onSort}>
        {title}
        <i aria-hidden="true">{{ ascending: '▴', descending: '▾', none: '' }[sorted]}</i>
      </button>
    </th>
  );
}

/** What could not be seen comes last in either direction. */
export function compare(
  one: number | string | undefined,
  other: number | string | undefined,
  sign: number,
): number {
  if (one == null || other == null) return one === other ? 0 : one == null ? 1 : -1;
  return one < other ? -sign : one > other ? sign : 0;
}

/** Arrows go from row to row, Home and End to the ends. */
export function moveInRows(event: KeyboardEvent): void {
  const row = (event.target as Element).closest<HTMLElement>('tbody tr');
  if (!row) return;
  const rows = row.parentElement!;
  const target = {
    ArrowDown: row.nextElementSibling,
    ArrowUp: row.previousElementSibling,
    Home: rows.firstElementChild,
    End: rows.lastElementChild,
  }[event.key];
  if (!target) return;
  event.preventDefault();
  (target as HTMLElement).focus();
}
