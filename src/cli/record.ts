import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { createLiveHost } from '../collect/live-host.ts';
import { createProcessScanner } from '../collect/process/linux.ts';
import { recordHost, saveRecording } from '../collect/record.ts';
import { collectorsFor } from '../collect/registry.ts';
import { systemClock as clock } from '../lib/clock.ts';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import { parseDuration } from '../lib/units.ts';

/** Records this machine into `file`; refuses to write over something. */
export async function record(
  file: string,
  options: { readonly interval: string; readonly pseudonyms?: true },
): Promise<void> {
  if (existsSync(file)) throw new UserError(`${file} exists already; name a new file or move that one away`);
  const recording = await recordHost(createLiveHost(), {
    clock,
    collectors: collectorsFor(process.platform),
    createScanner: createProcessScanner,
    intervalMs: parseDuration(options.interval)!,
    ...(options.pseudonyms && { hostName: hostname() }),
  });
  try {
    saveRecording(file, recording);
  } catch (error) {
    throw new UserError(
      `${file} cannot be written (${errorCode(error) ?? errorMessage(error)}); check the folder and its permissions`,
    );
  }
  const files = new Set(recording.ticks.flatMap((tick) => Object.keys(tick.files ?? {})));
  console.log(
    `${file}: ${files.size} files at ${recording.ticks.length} moments. Look at it before you give it away.`,
  );
}
