import { type Command, Option } from 'commander';
import { UserError } from '../../lib/errors.ts';
import { printable } from '../../lib/text.ts';
import { parseDuration } from '../../lib/units.ts';
import { type AccessToken, ROLES, type Role } from '../../model/access.ts';
import { accessFolder, addWhereOptions, type WhereOptions } from '../access-folder.ts';
import { addJsonOption, durationArgument } from '../options.ts';
import { table } from '../table.ts';

interface CreateOptions extends WhereOptions {
  readonly role: Role;
  readonly expires?: string;
  readonly json?: true;
}

export function addAccess(program: Command): void {
  const access = program
    .command('access')
    .description('who may use the dashboard and the API: named tokens with a role')
    .addHelpText(
      'after',
      "\nThese let people and programs in; what enrols a host at a hub is made by\n'homeostat hub token create'.\n\nExamples:\n  homeostat access create grafana --role view\n  homeostat access create anna --role operate --expires 90d\n  homeostat access revoke grafana",
    );
  addJsonOption(addWhereOptions(access.command('create')))
    .argument('<name>', 'whose it is: it stands in the log beside each change')
    .addOption(
      new Option('--role <role>', 'view: look; operate: say what incidents mean; admin: revoke tokens too')
        .choices(ROLES)
        .default('view'),
    )
    .option('--expires <span>', 'for how long it holds (default: until it is revoked)', durationArgument)
    .description('make a token and print it, this once; what runs knows it at once')
    .action(create);
  addJsonOption(addWhereOptions(access.command('list')))
    .description('the tokens, without their secrets')
    .action(list);
  addWhereOptions(access.command('revoke'))
    .argument('<name>', 'as the list shows it')
    .description('end a token and every session that began with it, at once')
    .action(revoke);
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const { role, expires, json } = options;
  const { createToken } = await import('../../serve/access/token-file.ts');
  const at = Date.now();
  const expiresAt = expires === undefined ? undefined : at + parseDuration(expires)!;
  const wish = { name, role, at, ...(expiresAt !== undefined && { expiresAt }) };
  const token = createToken(accessFolder(options), wish);
  if (json) {
    const made = { name, role, createdAt: at, ...(expiresAt !== undefined && { expiresAt }) };
    console.log(JSON.stringify({ ...made, token }, null, 2));
    return;
  }
  console.log(token);
  console.error(
    `${name} may ${role}${expiresAt === undefined ? '' : ` until ${new Date(expiresAt).toLocaleString('sv')}`}. This is the only time that the token is shown: paste it where the dashboard asks, or send 'Authorization: Bearer TOKEN'.`,
  );
}

async function list(options: WhereOptions & { readonly json?: true }): Promise<void> {
  const { readTokens, told } = await import('../../serve/access/token-file.ts');
  const tokens = readTokens(accessFolder(options)).map(told);
  if (options.json) console.log(JSON.stringify(tokens, null, 2));
  else if (tokens.length === 0) console.log("No tokens; 'homeostat access create NAME' makes one.");
  else console.log(render(tokens));
}

async function revoke(name: string, options: WhereOptions): Promise<void> {
  const { revokeToken } = await import('../../serve/access/token-file.ts');
  const revoked = revokeToken(accessFolder(options), name);
  if (!revoked)
    throw new UserError(`no token is called '${printable(name)}'; 'homeostat access list' shows them`);
  console.log(`Revoked: ${name}. Whoever used it is out.`);
}

const render = (tokens: readonly AccessToken[]): string =>
  table<AccessToken>(
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'ROLE', value: ({ role }) => role },
      { title: 'MADE', value: ({ createdAt }) => new Date(createdAt).toLocaleString('sv') },
      { title: 'HOLDS', value: untilOf },
    ],
    tokens,
  );

function untilOf({ expiresAt }: AccessToken): string {
  if (expiresAt === undefined) return 'until it is revoked';
  const day = new Date(expiresAt).toLocaleString('sv');
  return expiresAt <= Date.now() ? `expired ${day}` : `until ${day}`;
}
