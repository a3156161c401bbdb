import { defaultDataFolder, settingsSchema } from '../../agent/settings.ts';
import type { Configuration } from '../../config/config.ts';
import { toJsonSchema } from '../../config/json-schema.ts';
import { renderRows, rowsOf } from '../../config/render.ts';
import type { Shape } from '../../config/shape.ts';
import { UserError } from '../../lib/errors.ts';
import { printable } from '../../lib/text.ts';
import { requireToken } from '../../serve/server.ts';
import type { ShowOptions } from '../commands/config.ts';
import { readConfiguration } from '../settings.ts';

const SHAPE = settingsSchema as unknown as Shape;

/** `homeostat config check`: a line where all is well; else throws a UserError with every mistake. */
export async function check(file: string | undefined, { json }: { json?: true }): Promise<void> {
  let read: Configuration<unknown>;
  try {
    read = await readChecked(file);
  } catch (error) {
    if (!json || !(error instanceof UserError)) throw error;
    console.log(JSON.stringify({ ok: false, mistakes: [error.message, ...error.more] }, null, 2));
    process.exitCode = 2;
    return;
  }
  const rows = rowsOf(SHAPE, read.written, read.origin);
  const settings = rows.filter(({ origin }) => origin !== undefined).length;
  if (json) console.log(JSON.stringify({ ok: true, file: read.file, settings, mistakes: [] }, null, 2));
  else
    console.log(
      `${read.file ?? 'no file'}: ${settings === 0 ? 'the defaults hold' : `${settings} ${settings === 1 ? 'setting' : 'settings'}`}, no mistake`,
    );
}

/** With what the settings must be to each other, as the daemon would see it. */
async function readChecked(file: string | undefined) {
  const read = await readConfiguration(file === undefined ? {} : { config: file });
  const { host, token } = read.settings.serve;
  const folder = defaultDataFolder(process.env, process.platform);
  requireToken({ host, folder, ...(token && { token }) });
  return read;
}

/** `homeostat config show`. */
export async function show(file: string | undefined, options: ShowOptions): Promise<void> {
  const { defaults, changed, json } = options;
  if (defaults && changed) throw new UserError('--defaults and --changed exclude each other; leave one out');
  const read = defaults
    ? { written: {}, origin: () => undefined }
    : await readConfiguration(file === undefined ? {} : { config: file });
  const rows = rowsOf(SHAPE, read.written, read.origin).filter(
    ({ origin }) => !changed || origin !== undefined,
  );
  if (json) {
    const told = rows.map(({ path, value, origin }) => ({
      setting: path.join('.'),
      value: value ?? null,
      source: origin ?? (value === undefined ? 'left out' : 'default'),
    }));
    console.log(JSON.stringify(told, null, 2));
  } else if (rows.length === 0) console.log('# nothing is written: the defaults hold');
  else console.log(renderRows(rows).split('\n').map(printable).join('\n'));
}

/** `homeostat config schema`. */
export const printSchema = (): void =>
  console.log(JSON.stringify(toJsonSchema(SHAPE, 'Configuration of Homeostat'), null, 2));
