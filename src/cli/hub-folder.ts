import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { refuseWide } from '../lib/private-file.ts';

/** What the hub keeps, in the data folder. */
export const hubFolder = (dataFolder: string): string => join(dataFolder, 'hub');

export const identityFolder = (dataFolder: string): string => join(hubFolder(dataFolder), 'identity');

/** The history of one of its hosts, whose name is known to be one. */
export const hostFolder = (dataFolder: string, host: string): string =>
  join(hubFolder(dataFolder), 'hosts', host);

/** What it knows of its hosts beside their histories. */
export const fleetFile = (dataFolder: string): string => join(hubFolder(dataFolder), 'fleet.db');

/** The hub's log of envelopes: an SQLite file with the table `wal`. */
export const logFile = (dataFolder: string): string => join(hubFolder(dataFolder), 'wal.db');

/** Throws UserError where others could read what hosts and clients have told. */
export function refuseWideHub(dataFolder: string): void {
  const harm = { what: 'what hosts and clients told', next: 'then start the hub again' };
  refuseWide(hubFolder(dataFolder), 0o700, harm);
  const log = logFile(dataFolder);
  if (existsSync(log)) refuseWide(log, 0o600, harm);
}
