import { type Cell, csv, jsonLines, type RowFormat } from '../../lib/table.ts';
import type { Output } from './output.ts';
import type { ExportPlan, Source } from './plan.ts';

/** Takes rows and makes bytes of them. */
export interface RowSink {
  /** Where it gives a promise, that is to be awaited before the next row. */
  row(cells: readonly Cell[]): Promise<void> | undefined;
  /** The rows so far end at this position of the source, where writing may be broken off and gone on with. */
  pieceEnd(position: number): Promise<void> | undefined;
  /** Nothing more comes; `whole`: because there is nothing more. */
  end(whole: boolean): Promise<void>;
}

/** What a sink must know to go on where another one was broken off. */
export interface Broken {
  readonly state: string | undefined;
}

/** `broken`: what is in the output was written by a sink that was broken off; undefined: nothing is. */
export async function openSink(
  { format }: ExportPlan,
  { columns }: Source,
  output: Output,
  broken: Broken | undefined,
): Promise<RowSink> {
  if (format === 'parquet') {
    const { ParquetSink } = await import('./parquet.ts');
    return new ParquetSink(columns, output, broken?.state);
  }
  const text = format === 'csv' ? csv(columns) : jsonLines(columns);
  if (!broken) await output.write(text.header);
  return new TextSink(text, output);
}

class TextSink implements RowSink {
  readonly #format: RowFormat;
  readonly #output: Output;

  constructor(format: RowFormat, output: Output) {
    this.#format = format;
    this.#output = output;
  }

  row(cells: readonly Cell[]): Promise<void> | undefined {
    return this.#output.write(this.#format.row(cells));
  }

  pieceEnd(position: number): undefined {
    this.#output.commit(position);
  }

  end(whole: boolean): Promise<void> {
    return this.#output.end(whole);
  }
}
