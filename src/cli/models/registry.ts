import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ModelRegistry } from '../../learn/model-registry.ts';
import { UserError } from '../../lib/errors.ts';

/** The models of a data folder. Throws a UserError where there is no such folder. */
export function openRegistry(dataFolder: string): ModelRegistry {
  if (!statSync(dataFolder, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError(
      `there is no data folder ${dataFolder}; start Homeostat there first, or name another one with --data`,
    );
  return new ModelRegistry(join(dataFolder, 'models'));
}
