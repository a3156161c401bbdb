import { createReadStream, statSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import { printable, truncate } from '../lib/text.ts';
import type { History } from '../model/history.ts';
import { JsonlLine } from './jsonl-line.ts';
import { RowTable } from './row-table.ts';

export interface JsonlOptions {
  /** ms since the epoch, inclusive and exclusive; of what is in it the latest 86,400 rows are kept. */
  readonly period: { readonly from: number; readonly to: number };
  /** Keys of the series that are kept as they are; of the others, their minutes. */
  readonly seconds: ReadonlySet<string>;
  /** `done` from 0 to 1. */
  progress(done: number, lines: number): void;
}

export interface JsonlHistory {
  readonly history: History;
  /** The period that was kept, ms since the epoch, inclusive and exclusive. */
  readonly from: number;
  readonly to: number;
  /** The usual time between rows. */
  readonly stepSeconds: number;
  readonly lines: number;
  /** Lines that could not be used, and what was wrong with the first of them. */
  readonly bad: number;
  readonly examples: readonly string[];
}

const MOST_EXAMPLES = 5;
/** No sample is that long; what is would be held in memory whole. */
const LONGEST_LINE = 65_536;

/**
 * Reads raw telemetry as `homeostat export` writes it (plain or, where the name ends so, `.gz`), once, in the order of time: a
 * file may be larger than the memory. Lines that make no sense are counted and named. Throws a UserError where the file
 * cannot be read or holds nothing of use.
 */
export async function readJsonl(path: string, options: JsonlOptions): Promise<JsonlHistory> {
  const { period, seconds, progress } = options;
  const table = new RowTable(seconds);
  const parser = new JsonlLine();
  let lines = 0;
  let bad = 0;
  const examples: string[] = [];
  const take = (line: string): void => {
    lines++;
    if (line === '' || line === '\r') return;
    const problem =
      line.length > LONGEST_LINE
        ? `is longer than ${LONGEST_LINE} characters`
        : (parser.read(line) ?? (inside(parser.at, period) ? table.add(parser) : undefined));
    if (problem === undefined) return;
    bad++;
    if (examples.length < MOST_EXAMPLES) examples.push(`line ${lines} ${printable(truncate(problem, 160))}`);
  };
  await eachLine(path, take, (done) => progress(done, lines));
  if (table.rows === 0) {
    const why = examples[0] ?? `none of its ${lines} lines lies in the period`;
    throw new UserError(
      `${path} holds no telemetry that can be used (${why}); 'homeostat export' writes such a file`,
    );
  }
  const { firstAt, lastAt, stepSeconds } = table;
  return { history: table.history(), from: firstAt, to: lastAt + 1, stepSeconds, lines, bad, examples };
}

const inside = (at: number, { from, to }: JsonlOptions['period']): boolean => at >= from && at < to;

async function eachLine(path: string, take: (line: string) => void, progress: (done: number) => void) {
  try {
    const { size } = statSync(path);
    const file = createReadStream(path, { highWaterMark: 1 << 18 });
    const stream = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
    // An error of the file does not reach the other end of a pipe by itself.
    if (stream !== file) file.once('error', (error) => stream.destroy(error));
    stream.setEncoding('utf8');
    let rest = '';
    for await (const chunk of stream as AsyncIterable<string>) {
      const parts = chunk.split('\n');
      parts[0] = rest + parts[0]!;
      // Enough of a line without an end is kept to see that it is too long.
      rest = parts.pop()!.slice(0, LONGEST_LINE + 1);
      for (const line of parts) take(line);
      progress(size > 0 ? Math.min(1, file.bytesRead / size) : 0);
    }
    if (rest !== '') take(rest);
  } catch (error) {
    throw new UserError(
      `${path} cannot be read (${errorCode(error) ?? errorMessage(error)}); check the path, its permissions and that it is whole`,
    );
  }
}
