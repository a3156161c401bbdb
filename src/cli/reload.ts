import { rmSync, unwatchFile, watchFile } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../agent/settings.ts';
import { type Reloaded, Reloader } from '../config/reload.ts';
import { systemClock as clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { noteReload } from './client.ts';
import type { UpOptions } from './commands/up.ts';
import { readSettings } from './settings.ts';

/** Where there are no signals (Windows), a file of this name in the data folder asks for a reload. */
export const RELOAD_REQUEST = 'reload.request';
const LOOK_MS = 1000;

/** The settings, and what reads them again from the same sources. */
export async function openSettings(
  options: UpOptions,
): Promise<{ settings: Settings; reloader: Reloader<Settings> }> {
  const settings = await readSettings(options);
  return { settings, reloader: new Reloader(settings, () => readSettings(options)) };
}

export interface ReloadRequests {
  readonly reloader: Reloader<Settings>;
  readonly log: Log;
  /** The data folder. */
  readonly folder: string;
  readonly platform: NodeJS.Platform;
}

/** Reloads whenever it is called, says what came of it in the log and in the run file; `stop` ends the watch for requests by file. */
export function reloadOnRequest({ reloader, log, folder, platform }: ReloadRequests) {
  const reload = async (): Promise<void> => {
    const reloaded = await reloader.reload();
    logReload(reloaded, log);
    noteReload(folder, { ...reloaded, at: clock.now() });
  };
  const request = join(folder, RELOAD_REQUEST);
  if (platform === 'win32')
    watchFile(request, { interval: LOOK_MS, persistent: false }, ({ nlink }) => {
      if (nlink === 0) return;
      rmSync(request, { force: true });
      reload();
    });
  return { reload: () => void reload(), stop: () => unwatchFile(request) };
}

function logReload({ applied, needRestart, problems }: Reloaded, log: Log): void {
  for (const problem of problems) log.error(`the configuration is not taken over: ${problem}`);
  if (applied.length > 0) log.info(`the configuration was read again: ${applied.join(', ')}`);
  if (needRestart.length > 0) log.warn(`needs a restart: ${needRestart.join(', ')}`);
}
