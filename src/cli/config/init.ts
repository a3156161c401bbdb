import { writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { defaultConfigFile, settingsSchema } from '../../agent/settings.ts';
import { renderReference } from '../../config/render.ts';
import type { Shape } from '../../config/shape.ts';
import { makePrivateDirectory } from '../../lib/atomic-file.ts';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';
import { DURATION_HELP, SIZE_HELP } from '../../lib/units.ts';

const HEADING = [
  'Configuration of Homeostat. Every setting is here with its default, commented out: what stays so follows',
  'the defaults of later versions. Those without a default show an example.',
  '',
  `A span of time is ${DURATION_HELP}; a size ${SIZE_HELP}.`,
  'A secret such as serve.token can be given as token_file: the path of a file that holds it.',
  'HOMEOSTAT_SERVE__PORT=8080 in the environment wins over serve.port here, and so for every setting.',
  "'homeostat config check' names every mistake; 'homeostat config reload' lets a running Homeostat read it again.",
];

/** The file that `homeostat config init` writes, and that docs/configuration.md shows. */
export const referenceFile = (): string => renderReference(settingsSchema as unknown as Shape, HEADING);

/** `homeostat config init`. Throws a UserError where the file exists or cannot be written. */
export function init(file: string | undefined, { stdout }: { stdout?: true }): void {
  if (stdout) {
    process.stdout.write(referenceFile());
    return;
  }
  const path = resolve(file ?? defaultConfigFile(process.env, process.platform));
  try {
    makePrivateDirectory(dirname(path));
    // It may hold secrets one day.
    writeFileSync(path, referenceFile(), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (errorCode(error) === 'EEXIST')
      throw new UserError(`${path} exists and is left alone; name another file, or print it with --stdout`);
    throw new UserError(
      `${path} cannot be written (${errorCode(error) ?? errorMessage(error)}); name another file, or print it with --stdout`,
      1,
    );
  }
  console.log(`${path} is written: every setting with its default, commented out`);
}
