import { join } from 'node:path';

/** What the hub keeps, in the data folder. */
export const hubFolder = (dataFolder: string): string => join(dataFolder, 'hub');

export const identityFolder = (dataFolder: string): string => join(hubFolder(dataFolder), 'identity');

/** The hub's log of envelopes: an SQLite file with the table `wal`. */
export const logFile = (dataFolder: string): string => join(hubFolder(dataFolder), 'wal.db');
