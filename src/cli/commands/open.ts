import { userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import { UserError } from '../../lib/errors.ts';
import { ROLES, type Role } from '../../model/access.ts';
import { accessFolder, addWhereOptions, type WhereOptions } from '../access-folder.ts';
import { findRunning } from '../client.ts';
import { addJsonOption } from '../options.ts';

interface OpenOptions extends WhereOptions {
  readonly role: Role;
  readonly browser?: true;
  readonly json?: true;
}

export function addOpen(program: Command): void {
  addJsonOption(addWhereOptions(program.command('open')))
    .description('print a link that signs in to the dashboard, once and within 5 minutes')
    .addOption(
      new Option('--role <role>', 'what whoever opens it may').choices(ROLES).default('admin', 'admin'),
    )
    .option('--browser', 'open it here in the browser too')
    .action(open);
}

async function open(options: OpenOptions): Promise<void> {
  const { role, browser, json, data } = options;
  const folder = accessFolder(options);
  const client = findRunning(folder);
  if (!client)
    throw new UserError(
      `nothing is running with the data folder ${data}; start it with 'homeostat up' or 'homeostat hub', or name another one with --data`,
      1,
    );
  const { createLoginCode } = await import('../../serve/access/login-code.ts');
  const code = createLoginCode(folder, { name: `${userInfo().username} (link)`, role }, Date.now());
  const link = `${reachable(client.run.address)}/?login=${code}`;
  console.log(json ? JSON.stringify({ link, role, holdsSeconds: 300 }, null, 2) : link);
  if (!json) console.error('It can be opened once, within 5 minutes.');
  if (browser) await show(link);
}

/** What is bound to all addresses is reached here by this machine's own. */
function reachable(address: string): string {
  const url = new URL(address);
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  if (url.hostname === '[::]') url.hostname = '[::1]';
  return url.origin;
}

const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

async function show(link: string): Promise<void> {
  const { spawn } = await import('node:child_process');
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const opener = spawn(command, [...args, link], { stdio: 'ignore', detached: true });
  await new Promise<void>((resolve, reject) => {
    opener.once('spawn', resolve);
    opener.once('error', () =>
      reject(new UserError(`no browser could be started with ${command}; open the link above yourself`, 1)),
    );
  });
  opener.unref();
}
