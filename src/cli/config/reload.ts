import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';
import { type Client, type ReloadNote, requireHub, requireRunning } from '../client.ts';
import type { ReloadOptions } from '../commands/config.ts';
import { hubFolder } from '../hub-folder.ts';
import { RELOAD_REQUEST } from '../reload.ts';

/** How long an answer is waited for, ms. */
const PATIENCE_MS = 10_000;

/** `homeostat config reload`: asks the daemon of a data folder and tells what came of it. Throws a UserError where it was not taken over. */
export async function reload({ data, hub, json }: ReloadOptions): Promise<void> {
  const find = () => (hub ? requireHub(data) : requireRunning(data));
  const client = find();
  ask(client, hub ? hubFolder(data) : data);
  const { applied, needRestart, problems } = await answer(client, find);
  if (json) {
    console.log(JSON.stringify({ applied, needRestart, problems }, null, 2));
    if (problems.length > 0) process.exitCode = 2;
    return;
  }
  if (applied.length > 0) console.log(`Holds now        ${applied.join(', ')}`);
  if (needRestart.length > 0) console.log(`Needs a restart  ${needRestart.join(', ')}`);
  const [first, ...more] = problems;
  if (first !== undefined) throw new UserError(first, 2, [...more, 'what held before goes on']);
  if (applied.length + needRestart.length === 0) console.log('Nothing changed');
}

function ask({ run }: Client, data: string): void {
  try {
    // Windows has no SIGHUP: Node would end the process instead.
    if (process.platform === 'win32') writeFileSync(join(data, RELOAD_REQUEST), '');
    else process.kill(run.pid, 'SIGHUP');
  } catch (error) {
    throw new UserError(
      `the Homeostat with pid ${run.pid} cannot be asked (${errorCode(error) ?? errorMessage(error)}); run this as its user, or as root`,
      1,
    );
  }
}

async function answer({ run }: Client, find: () => Client): Promise<ReloadNote> {
  const before = run.reloaded?.at ?? 0;
  for (let end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(50)) {
    const note = find().run.reloaded;
    if (note && note.at > before) return note;
  }
  throw new UserError(
    `the Homeostat with pid ${run.pid} did not answer within ${PATIENCE_MS / 1000} s; see its log`,
    1,
  );
}
