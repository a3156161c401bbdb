import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import { systemClock } from '../../lib/clock.ts';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';
import { parseSize, SIZE_HELP } from '../../lib/units.ts';
import { openDataFolder } from '../data-folder.ts';
import { identityFolder } from '../hub-folder.ts';
import { addDataOption, addJsonOption, countArgument, hostArgument, portArgument } from '../options.ts';
import { addHubHosts } from './hub-hosts.ts';

export function addHub(program: Command): void {
  const hub = addDataOption(program.command('hub'))
    .description('take process events over gRPC with mutual TLS and keep them durably, until Ctrl-C')
    .option(
      '--config <file>',
      'configuration file, for what it says of incidents (default: the usual one where it exists)',
    )
    .option('--bus-host <address>', 'address to take events on', '127.0.0.1')
    .option('--bus-port <n>', 'port to take events on; 0 takes any free one', portArgument, 50051)
    .option('--enroll-port <n>', 'port to enrol hosts on; 0 takes any free one', portArgument, 50052)
    .option('--host <address>', 'address of the dashboard; anything but loopback needs a token', '127.0.0.1')
    .option(
      '--port <n>',
      'port of the dashboard, the API and the figures; 0 takes any free one',
      portArgument,
      4664,
    )
    .option('--logs <dir>', 'folder for hub.log (default: in the data folder)')
    .option('--token <token>', 'ask for it in the dashboard; better set HOMEOSTAT_TOKEN')
    .addOption(
      new Option('--max-log <size>', 'what the log may take on disk')
        .argParser(sizeArgument)
        .default(200 * 2 ** 20, '200MiB'),
    )
    .addOption(
      new Option('--host-cap <size>', 'what the history of one host may take on disk')
        .argParser(sizeArgument)
        .default(200 * 2 ** 20, '200MiB'),
    )
    .addOption(
      new Option('--client-share <percent>', 'what one client may hold of the log, of what the others leave')
        .argParser(percentArgument)
        .default(80, '80'),
    )
    .option(
      '--client-events <n>',
      'events a second that one client may send on average',
      countArgument,
      20_000,
    )
    .option(
      '--require-signatures',
      "take envelopes of clients only with a signature that verifies; see 'homeostat hub issue'",
    )
    .option('--max-connections <n>', 'connections that are taken in all', countArgument, 4096)
    .addHelpText(
      'after',
      '\nThe log refuses new events (RETRY) when it is at its bound and everything\nin it is younger than 24 h.\n\nExamples:\n  homeostat hub\n  homeostat hub token create\n  homeostat hub issue laptop --out certificates',
    )
    .action(async (options) => {
      const { hub: run } = await import('../hub.ts');
      await run(options);
    });
  addJsonOption(addDataOption(hub.command('issue')))
    .argument('<name>', 'who the client is: letters, digits, dots, hyphens and underscores', hostArgument)
    .description("make a key and a certificate for a client of others, signed by this hub's authority")
    .option('--out <dir>', 'folder for NAME.key, NAME.pem and ca.pem', '.')
    .option('--days <n>', 'how long it is valid', countArgument, 365)
    .option(
      '--signing-key <file>',
      'public key (PEM) that its envelopes are signed with, instead of that of its certificate',
    )
    .action(issue);
  addHubHosts(hub);
}

interface IssueOptions {
  readonly data: string;
  readonly out: string;
  readonly days: number;
  readonly signingKey?: string;
  readonly json?: true;
}

async function issue(name: string, _options: IssueOptions, command: Command): Promise<void> {
  // An option that the parent has too is stored there when it stands before the sub-command.
  const { data, out, days, signingKey, json } = command.optsWithGlobals<IssueOptions>();
  const { Authority } = await import('../../identity/authority.ts');
  const { Registry } = await import('../../identity/registry.ts');
  openDataFolder(data);
  const authority = await Authority.open(identityFolder(data), systemClock);
  const { key, certificate, facts } = await authority.issueClient(
    name,
    days,
    signingKey === undefined ? undefined : await signingKeyIn(signingKey),
  );
  new Registry(identityFolder(data), systemClock).enterClient(name, facts);
  const folder = resolve(out);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = {
    key: join(folder, `${name}.key`),
    certificate: join(folder, `${name}.pem`),
    authority: join(folder, 'ca.pem'),
  };
  writeFileAtomic(files.key, key);
  writeFileAtomic(files.certificate, certificate);
  writeFileAtomic(files.authority, authority.certificate, 0o644);
  if (json) console.log(JSON.stringify({ name, days, ...files }));
  else
    console.log(
      `Key          ${files.key}\nCertificate  ${files.certificate}, valid for ${days} days\nAuthority    ${files.authority}\nGive all three to the client over a safe way; the key is nowhere else.`,
    );
}

async function signingKeyIn(path: string): Promise<string> {
  const { readSigningKey } = await import('../../identity/signing-key.ts');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(
      `--signing-key ${path}: it cannot be read (${errorCode(error) ?? errorMessage(error)})`,
    );
  }
  return readSigningKey(text, path);
}

function percentArgument(text: string): number {
  const percent = Number(text);
  if (!/^\d+$/.test(text) || percent < 1 || percent > 100)
    throw new InvalidArgumentError('expected a whole number from 1 to 100, which is no limit');
  return percent;
}

function sizeArgument(text: string): number {
  const size = parseSize(text);
  if (size === undefined || size < 2 ** 20)
    throw new InvalidArgumentError(`expected 1MiB or more: ${SIZE_HELP}`);
  return size;
}
