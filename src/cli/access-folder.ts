import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../lib/errors.ts';
import { openDataFolder } from './data-folder.ts';
import { hubFolder } from './hub-folder.ts';
import { addDataOption } from './options.ts';

export interface WhereOptions {
  readonly data: string;
  readonly hub?: true;
}

/** `--data` and `--hub`: whose dashboard is meant. */
export const addWhereOptions = (command: Command): Command =>
  addDataOption(command).option(
    '--hub',
    'of the hub with that data folder (default: of the hub where nothing but a hub keeps its data there)',
  );

/** The folder that whoever serves the dashboard looks into: this machine's data, or a hub's. Throws a UserError. */
export function accessFolder({ data, hub }: WhereOptions): string {
  const ofHub = hubFolder(data);
  if (hub && !existsSync(ofHub))
    throw new UserError(`no hub keeps its data in ${data}: start it with 'homeostat hub', or name --data`);
  const isHub = hub ?? (existsSync(ofHub) && !existsSync(join(data, 'history.db')));
  openDataFolder(data);
  return isHub ? ofHub : data;
}
