import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Settings, settingsSchema } from '../agent/settings.ts';
import { type Reloaded, Reloader } from '../config/reload.ts';
import { systemClock as clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { noteReload } from './client.ts';
import type { UpOptions } from './commands/up.ts';
import { readSettings } from './settings.ts';

/** Where there are no signals (Windows), a file of this name beside the run file asks for a reload. */
export const RELOAD_REQUEST = 'reload.request';
const LOOK_MS = 1000;

const ALL = Object.keys(settingsSchema.entries) as (keyof Settings)[];

/** The settings of a program that looks at these sections, and what reads them again from the same sources. Throws a UserError. */
export async function openSettings<K extends keyof Settings>(
  options: Partial<UpOptions>,
  sections: readonly K[] = ALL as K[],
): Promise<{ settings: Pick<Settings, K>; reloader: Reloader<Pick<Settings, K>> }> {
  const read = async (): Promise<Pick<Settings, K>> => {
    const all = await readSettings(options);
    return Object.fromEntries(sections.map((name) => [name, all[name]])) as Pick<Settings, K>;
  };
  const settings = await read();
  return { settings, reloader: new Reloader(settings, read) };
}

export interface ReloadRequests {
  readonly reloader: { reload(): Promise<Reloaded> };
  readonly log: Log;
  /** Where the run file is. */
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
  // Looked for by itself: a watcher takes what is there when it begins for what was there before.
  const look = (): void => {
    if (!existsSync(request)) return;
    rmSync(request, { force: true });
    void reload();
  };
  const looking = platform === 'win32' ? setInterval(look, LOOK_MS).unref() : undefined;
  return { reload: () => void reload(), stop: () => clearInterval(looking) };
}

function logReload({ applied, needRestart, problems }: Reloaded, log: Log): void {
  for (const problem of problems) log.error(`the configuration is not taken over: ${problem}`);
  if (applied.length > 0) log.info(`the configuration was read again: ${applied.join(', ')}`);
  if (needRestart.length > 0) log.warn(`needs a restart: ${needRestart.join(', ')}`);
}
