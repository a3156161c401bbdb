import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import type { Cell, Column } from '../../lib/table.ts';
import type { Output } from './output.ts';
import { ParquetSink } from './parquet.ts';

const COLUMNS: readonly Column[] = [
  { name: 'time', type: 'time' },
  { name: 'text', type: 'text' },
  { name: 'number', type: 'number' },
  { name: 'nano', type: 'integer' },
  { name: 'args', type: 'json' },
];

/** Keeps what is written, and where it was vouched for last. */
class MemoryOutput implements Output {
  bytes = Buffer.alloc(0);
  committed: { readonly position: number; readonly bytes: number; readonly state: string } | undefined;

  write(data: string | Uint8Array): undefined {
    this.bytes = Buffer.concat([this.bytes, Buffer.from(data as Uint8Array)]);
  }

  commit(position: number, state = ''): void {
    this.committed = { position, bytes: this.bytes.length, state };
  }

  async end(): Promise<void> {}

  /** An ArrayBuffer of its own, as the reader wants it. */
  file(): ArrayBuffer {
    return new Uint8Array(this.bytes).buffer;
  }
}

const row = (n: number): readonly Cell[] => [n, `text ${n % 7}`, n / 3, BigInt(n) * 10n ** 12n, `["${n}"]`];

/** Writes pieces of 3,000 rows until `stop` of them. */
async function write(sink: ParquetSink, from: number, stop: number): Promise<void> {
  for (let n = from; n < stop; n++) {
    sink.row(row(n));
    if ((n + 1) % 3000 === 0) await sink.pieceEnd(n + 1);
  }
}

test('a reader of others finds each cell as it was, and null where nothing was known', async () => {
  const output = new MemoryOutput();
  const sink = new ParquetSink(COLUMNS, output, undefined);
  sink.row([0, 'a\n"b"', -0.5, 2n ** 63n - 1n, '[]']);
  sink.row([undefined, undefined, Number.NaN, 2n ** 64n - 1n, undefined]);
  await sink.end(true);
  const rows = await parquetReadObjects({ file: output.file() });
  assert.deepEqual(rows, [
    { time: new Date(0), text: 'a\n"b"', number: -0.5, nano: 2n ** 63n - 1n, args: '[]' },
    { time: null, text: null, number: null, nano: null, args: null },
  ]);
});

test('one that was broken off goes on to the same bytes, in groups', async () => {
  const whole = new MemoryOutput();
  const sink = new ParquetSink(COLUMNS, whole, undefined);
  await write(sink, 0, 40_000);
  await sink.end(true);
  assert.equal(parquetMetadata(whole.file()).row_groups.length, 4);
  const rows = await parquetReadObjects({ file: whole.file(), columns: ['nano'] });
  assert.deepEqual([rows.length, rows.at(-1)], [40_000, { nano: 39_999n * 10n ** 12n }]);

  const part = new MemoryOutput();
  const first = new ParquetSink(COLUMNS, part, undefined);
  await write(first, 0, 28_500);
  await first.end(false);
  const { position, bytes, state } = part.committed!;
  assert.equal(position, 24_000);
  part.bytes = part.bytes.subarray(0, bytes);
  const second = new ParquetSink(COLUMNS, part, state);
  await write(second, position, 40_000);
  await second.end(true);
  assert.ok(part.bytes.equals(whole.bytes));
});

test('nothing at all is a file without rows', async () => {
  const output = new MemoryOutput();
  await new ParquetSink(COLUMNS, output, undefined).end(true);
  assert.deepEqual(await parquetReadObjects({ file: output.file() }), []);
});
