import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Cell, Column, ColumnType } from '../../lib/table.ts';
import type { Output } from './output.ts';
import type { RowSink } from './sink.ts';

/** A row group ends with the piece in which it has so many rows: what is in memory at a time. */
const ROWS_A_GROUP = 10_000;

type Element = ParquetWriter['schema'][number];
type Stored = string | number | bigint | null;

const TYPES: Readonly<Record<ColumnType, Pick<Element, 'type' | 'converted_type'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  number: { type: 'DOUBLE' },
  integer: { type: 'INT64' },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
};

/**
 * Parquet: row groups as they fill, and at the end the footer that lists them, without which there is no file. What is broken off keeps
 * the list in the cursor. Values that are not known are null, as are whole numbers that do not fit into 64 bits with a sign.
 */
export class ParquetSink implements RowSink {
  readonly #output: Output;
  readonly #columns: readonly Column[];
  readonly #bytes = new ByteWriter(1 << 20);
  readonly #writer: ParquetWriter;
  #cells: Stored[][];
  #rows = 0;

  /** `state`: of the one that was broken off. */
  constructor(columns: readonly Column[], output: Output, state: string | undefined) {
    this.#columns = columns;
    this.#output = output;
    this.#cells = columns.map(() => []);
    const schema: Element[] = [{ name: 'root', num_children: columns.length }];
    for (const { name, type } of columns) schema.push({ name, repetition_type: 'OPTIONAL', ...TYPES[type] });
    this.#writer = new ParquetWriter({
      ...{ writer: this.#bytes, schema, createdBy: 'homeostat' },
      // Statistics hold values that the cursor could not.
      statistics: false,
    });
    if (state !== undefined) this.#restore(state);
  }

  row(cells: readonly Cell[]): undefined {
    for (const [index, { type }] of this.#columns.entries())
      this.#cells[index]!.push(stored(cells[index], type));
    this.#rows++;
  }

  pieceEnd(position: number): Promise<void> | undefined {
    if (this.#rows < ROWS_A_GROUP) return undefined;
    return this.#writeGroup().then(() => this.#output.commit(position, this.#state()));
  }

  async end(whole: boolean): Promise<void> {
    if (whole) {
      if (this.#rows > 0) await this.#writeGroup();
      this.#writer.finish();
      await this.#flush();
    }
    await this.#output.end(whole);
  }

  async #writeGroup(): Promise<void> {
    const columnData = this.#columns.map(({ name }, index) => ({
      ...{ name, data: this.#cells[index]!, offsetIndex: false },
    }));
    this.#writer.write({ columnData, rowGroupSize: this.#rows });
    // Nothing of a group is needed at the end but its place.
    this.#writer.pendingIndexes = [];
    this.#cells = this.#columns.map(() => []);
    this.#rows = 0;
    await this.#flush();
  }

  async #flush(): Promise<void> {
    // The library's buffer is used again.
    const bytes = this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
    await this.#output.write(bytes);
  }

  #state(): string {
    const { num_rows, row_groups } = this.#writer;
    return JSON.stringify({ offset: this.#bytes.offset, num_rows, row_groups }, (_, value: unknown) =>
      typeof value === 'bigint' ? { bigint: value.toString() } : value,
    );
  }

  #restore(state: string): void {
    const { offset, num_rows, row_groups } = JSON.parse(state, (_, value: unknown) =>
      typeof value === 'object' && value !== null && 'bigint' in value ? BigInt(String(value.bigint)) : value,
    ) as { offset: number } & Pick<ParquetWriter, 'num_rows' | 'row_groups'>;
    Object.assign(this.#writer, { num_rows, row_groups });
    this.#bytes.index = 0;
    this.#bytes.offset = offset;
  }
}

const LARGEST = 2n ** 63n - 1n;

function stored(cell: Cell, type: ColumnType): Stored {
  if (cell === undefined || (typeof cell === 'number' && !Number.isFinite(cell))) return null;
  if (type === 'text' || type === 'json') return String(cell);
  if (type === 'number') return Number(cell);
  const whole = typeof cell === 'bigint' ? cell : BigInt(Math.round(Number(cell)));
  return whole > LARGEST || whole < -LARGEST ? null : whole;
}
