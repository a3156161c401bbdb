import type { Column, Piece } from '../../lib/table.ts';

/** All that says what an export writes: two with the same plan and data write the same bytes. Kept in the cursor. */
export interface ExportPlan {
  readonly what: What;
  readonly format: Format;
  /** ms since the epoch; left out: all that is kept. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Of metrics: names or keys. */
  readonly metric: readonly string[] | undefined;
  /** Only of this host of the hub. */
  readonly host: string | undefined;
  /** Of features, ms. */
  readonly windowMs: number;
  /** Of events and features: the last id that was there when it began. */
  readonly lastId: number | undefined;
}

export const WHATS = ['metrics', 'events', 'features'] as const;
export type What = (typeof WHATS)[number];

export const FORMATS = ['jsonl', 'csv', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** What is written: its columns and its rows, from after `position` on. */
export interface Source {
  readonly columns: readonly Column[];
  pieces(position: number | undefined): Iterable<Piece>;
  close(): void;
}
