import { join } from 'node:path';

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
