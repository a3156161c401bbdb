/** A run of labelled rows: its first and last row, both inclusive. */
export interface Segment {
  readonly first: number;
  readonly last: number;
}

/** The runs of rows that are not 0, in the order of time. */
export function segmentsOf(rows: Uint8Array): readonly Segment[] {
  return runsOf(rows, 0);
}

/** As `segmentsOf`, runs with at most `gap` rows between them joined. */
export function runsOf(rows: Uint8Array, gap: number): readonly Segment[] {
  const runs: { first: number; last: number }[] = [];
  for (let row = 0; row < rows.length; row++) {
    if (rows[row] === 0) continue;
    const open = runs.at(-1);
    if (open && row - open.last <= gap + 1) open.last = row;
    else runs.push({ first: row, last: row });
  }
  return runs;
}
