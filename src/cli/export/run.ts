import { setImmediate as turn } from 'node:timers/promises';
import { UserError } from '../../lib/errors.ts';
import type { Piece } from '../../lib/table.ts';
import { showProgress } from '../progress.ts';
import { stopSignal } from '../stop-signal.ts';
import { FileOutput, type Output, StreamOutput } from './output.ts';
import type { ExportPlan, Source } from './plan.ts';
import { type Broken, openSink, type RowSink } from './sink.ts';
import { openSource } from './sources.ts';

/** Ctrl-C is seen after so long, ms. */
const TURN_EVERY_MS = 50;
/** Of a shell's command that was ended by SIGINT. */
const INTERRUPTED = 130;

/** Writes a new export to `file`, or to standard output. Throws UserErrors. */
export async function runExport(
  dataFolder: string,
  wanted: ExportPlan,
  file: string | undefined,
): Promise<void> {
  const { source, plan } = await openSource(dataFolder, wanted);
  try {
    const output = file === undefined ? new StreamOutput() : FileOutput.create(file, plan);
    await write(source, output, { dataFolder, plan, position: undefined, file, broken: undefined });
  } finally {
    source.close();
  }
}

/** Goes on with an export that was broken off, by the plan that stands in its cursor. Throws UserErrors. */
export async function resumeExport(dataFolder: string, file: string): Promise<void> {
  const { output, cursor } = FileOutput.resume(file);
  const { plan, position, state } = cursor;
  const { source } = await openSource(dataFolder, plan);
  try {
    await write(source, output, {
      dataFolder,
      plan,
      position,
      file,
      broken: position === undefined ? undefined : { state },
    });
  } finally {
    source.close();
  }
}

interface Writing {
  readonly dataFolder: string;
  readonly plan: ExportPlan;
  readonly position: number | undefined;
  readonly file: string | undefined;
  readonly broken: Broken | undefined;
}

async function write(source: Source, output: Output, writing: Writing): Promise<void> {
  const sink = await openSink(writing.plan, source, output, writing.broken);
  const progress = showProgress('rows');
  let stopped = false;
  stopSignal().then(() => {
    stopped = true;
  });
  let rows = 0;
  try {
    let turned = performance.now();
    for (const piece of source.pieces(writing.position)) {
      const count = await writePiece(piece, sink);
      rows += count;
      progress.step(count, piece.share);
      if (performance.now() - turned >= TURN_EVERY_MS) {
        await turn();
        turned = performance.now();
      }
      if (stopped) break;
    }
  } finally {
    progress.end();
  }
  // What stops at a stream has no second chance: it is ended as if it were whole.
  await sink.end(!stopped || writing.file === undefined);
  if (stopped) throw new UserError(interruption(rows, writing), INTERRUPTED);
}

async function writePiece({ rows, position }: Piece, sink: RowSink): Promise<number> {
  let count = 0;
  for (const cells of rows) {
    const room = sink.row(cells);
    if (room) await room;
    count++;
  }
  const room = sink.pieceEnd(position);
  if (room) await room;
  return count;
}

const interruption = (rows: number, { dataFolder, file }: Writing): string =>
  file === undefined
    ? `interrupted after ${rows} rows, all of them whole`
    : `interrupted after ${rows} more rows; 'homeostat export --resume --data ${dataFolder} --output ${file}' goes on`;
