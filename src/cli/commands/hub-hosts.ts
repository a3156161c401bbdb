import { hostname } from 'node:os';
import type { Command } from 'commander';
import type { Member } from '../../identity/registry-state.ts';
import { systemClock as clock } from '../../lib/clock.ts';
import { UserError } from '../../lib/errors.ts';
import { duration } from '../../lib/text.ts';
import { parseDuration } from '../../lib/units.ts';
import type { BusStatus } from '../../model/bus.ts';
import type { HostsAnswer } from '../../model/host.ts';
import { findRunning } from '../client.ts';
import { openDataFolder } from '../data-folder.ts';
import { hubFolder, identityFolder } from '../hub-folder.ts';
import { addDataOption, addJsonOption, durationArgument, hostArgument } from '../options.ts';
import { table } from '../table.ts';

interface Options {
  readonly data: string;
  readonly json?: true;
}

/** `hub token | hosts | revoke | rotate-ca`: who may come in. All of them work whether the hub runs or not. */
export function addHubHosts(hub: Command): void {
  const add = (parent: Command, name: string): Command => addJsonOption(addDataOption(parent.command(name)));
  const token = hub.command('token').description('what enrols new hosts: create, list, revoke');
  add(token, 'create')
    .description('print the line that enrols one host, once')
    .option('--ttl <span>', 'how long it is good for', durationArgument, '1h')
    .option('--name <host>', 'the only name that it enrols, also anew', hostArgument)
    .option(
      '--address <host:port>',
      'where the host reaches this hub to enrol, if it is not as the hub listens',
    )
    .action(createToken);
  add(token, 'list').description('tokens of the last month, and what became of them').action(listTokens);
  add(token, 'revoke')
    .argument('<id>', 'as the list shows it')
    .description('make a token worthless')
    .action(revokeToken);
  add(hub, 'hosts')
    .description('hosts and clients that were let in, until when, and when they were seen')
    .action(listHosts);
  add(hub, 'revoke')
    .argument('<host>', 'a host or a client')
    .description('let a host or client in no longer; its streams end at once')
    .action(revoke);
  add(hub, 'rotate-ca')
    .description('replace the authority; both are trusted until all hosts have renewed')
    .option('--within <span>', 'when the old one ends in any case', durationArgument, '7d')
    .option('--finish', 'end the old one now: who has not renewed must enrol anew')
    .action(rotate);
}

/** An option that a parent has too is stored there when it stands before the sub-command. */
const optionsOf = <T extends Options>(command: Command): T => command.optsWithGlobals<T>();

async function openRegistry(data: string) {
  const { Registry } = await import('../../identity/registry.ts');
  openDataFolder(data);
  return new Registry(identityFolder(data), clock);
}

async function openAuthority(data: string) {
  const { Authority } = await import('../../identity/authority.ts');
  openDataFolder(data);
  return Authority.open(identityFolder(data), clock);
}

const running = async (data: string): Promise<BusStatus | undefined> =>
  findRunning(hubFolder(data))?.get<BusStatus>('bus');

async function createToken(_options: Options, command: Command): Promise<void> {
  const { data, json, ttl, name, address } = optionsOf<
    Options & { ttl: string; name?: string; address?: string }
  >(command);
  const { encodeToken } = await import('../../identity/token.ts');
  const where = address ?? enrolmentOf(await running(data), data);
  if (!/^.+:\d+$/.test(where))
    throw new UserError(`--address ${where}: expected HOST:PORT, the port being that of --enroll-port`);
  const { pin } = await openAuthority(data);
  const { secret, expiresAt } = (await openRegistry(data)).createToken(parseDuration(ttl)!, name);
  const token = encodeToken({ address: where, pin, secret, ...(name !== undefined && { name }) });
  const line = `homeostat agent --enroll ${token}`;
  if (json) {
    console.log(JSON.stringify({ token, line, address: where, name, expiresAt }));
    return;
  }
  console.log(line);
  // Only the line itself is for whoever pipes it.
  const here = /^(localhost|127\.[\d.]+|\[::1\]):/.test(where)
    ? ', which only this machine can: for others start the hub with --bus-host ADDRESS'
    : '';
  console.error(
    `Paste it on the new host within ${duration(expiresAt - clock.now())}. It enrols one host, once, which must reach ${where}${here}.`,
  );
}

/** Where hosts reach the hub that runs: as it listens, and by the machine's name where it listens everywhere. */
function enrolmentOf(status: BusStatus | undefined, data: string): string {
  if (!status)
    throw new UserError(
      `no hub is running with the data folder ${data}: start it with 'homeostat hub', or say with --address HOST:PORT where it will enrol hosts`,
      1,
    );
  return status.enrolment.replace(/^(0\.0\.0\.0|\[::\])(?=:\d+$)/, hostname());
}

async function listTokens(_options: Options, command: Command): Promise<void> {
  const { data, json } = optionsOf(command);
  const now = clock.now();
  const rows = (await openRegistry(data)).tokens().map(({ hash: _, ...token }) => ({
    ...token,
    state:
      token.usedAt !== undefined
        ? `used by ${token.usedBy}`
        : token.revokedAt !== undefined
          ? 'revoked'
          : now >= token.expiresAt
            ? 'ran out'
            : 'good',
  }));
  if (json) console.log(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) console.log("No tokens; 'homeostat hub token create' makes one.");
  else
    console.log(
      table(
        [
          { title: 'ID', value: (row) => row.id },
          { title: 'FOR', value: (row) => row.name ?? 'any host' },
          { title: 'CREATED', value: (row) => day(row.createdAt) },
          { title: 'EXPIRES', value: (row) => day(row.expiresAt) },
          { title: 'STATE', value: (row) => row.state, flexible: true },
        ],
        rows,
      ),
    );
}

async function revokeToken(id: string, _options: Options, command: Command): Promise<void> {
  const { data, json } = optionsOf(command);
  (await openRegistry(data)).revokeToken(id);
  console.log(json ? JSON.stringify({ id }) : `The token ${id} is worthless now.`);
}

async function listHosts(_options: Options, command: Command): Promise<void> {
  const { data, json } = optionsOf(command);
  const { expiryOf } = await import('../../identity/registry-state.ts');
  const now = clock.now();
  const members = (await openRegistry(data)).members();
  const lastSeen = (await running(data))?.lastSeen ?? {};
  const heard = await findRunning(hubFolder(data))?.get<HostsAnswer>('hosts');
  const presence = new Map(heard?.hosts.map((host) => [host.name, host.state]));
  const rows = members
    .map((member) => {
      const { name, kind, enrolledAt, renewedAt } = member;
      const expiresAt = expiryOf(member);
      return {
        ...{ name, kind, state: stateOf(member, expiresAt, now), enrolledAt, renewedAt },
        ...{ expiresAt, lastSeenAt: lastSeen[name], heard: presence.get(name) },
      };
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  if (json) console.log(JSON.stringify(rows, null, 2));
  else if (rows.length === 0)
    console.log("No hosts yet; 'homeostat hub token create' prints the line that enrols one.");
  else
    console.log(
      table(
        [
          { title: 'NAME', value: (row) => row.name, flexible: true },
          { title: 'STATE', value: (row) => (row.kind === 'client' ? `${row.state} client` : row.state) },
          { title: 'ENROLLED', value: (row) => day(row.enrolledAt) },
          { title: 'RENEWED', value: (row) => day(row.renewedAt) },
          { title: 'EXPIRES', value: (row) => day(row.expiresAt) },
          { title: 'HEARD', value: (row) => row.heard ?? '-' },
          {
            title: 'SEEN',
            value: (row) => (row.lastSeenAt === undefined ? '-' : `${duration(now - row.lastSeenAt)} ago`),
          },
        ],
        rows,
      ),
    );
}

const stateOf = ({ state }: Member, expiresAt: number, now: number): string =>
  state === 'enrolled' && now > expiresAt ? 'expired' : state;

/** To the minute, UTC. */
const day = (at: number | undefined): string =>
  at ? `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z` : '-';

async function revoke(host: string, _options: Options, command: Command): Promise<void> {
  const { data, json } = optionsOf(command);
  const kind = (await openRegistry(data)).revoke(host);
  const again = kind === 'client' ? `issue ${host}` : `token create --name ${host}`;
  console.log(
    json
      ? JSON.stringify({ name: host, state: 'revoked' })
      : `${host} is let in no longer. To let it in again: homeostat hub ${again}`,
  );
}

async function rotate(_options: Options, command: Command): Promise<void> {
  const { data, json, within, finish } = optionsOf<Options & { within: string; finish?: true }>(command);
  const authority = await openAuthority(data);
  if (finish) {
    if (authority.transitionEnds === undefined)
      throw new UserError("the authority is not being replaced; 'homeostat hub rotate-ca' begins that");
    const { trusted } = await authority.endTransition();
    (await openRegistry(data)).retireOthers(trusted);
    console.log(
      json ? JSON.stringify({ transitionEnds: null }) : 'Only the new authority is trusted from now on.',
    );
    return;
  }
  const { transitionEnds, trusted } = await authority.rotate(parseDuration(within)!);
  const [current] = trusted;
  const clients = (await openRegistry(data))
    .members()
    .filter(
      ({ kind, state, certificates }) =>
        kind === 'client' && state === 'enrolled' && certificates.every((one) => one.authority !== current),
    )
    .map(({ name }) => name);
  const ends = new Date(transitionEnds!).toISOString();
  if (json) {
    console.log(JSON.stringify({ transitionEnds, clients }));
    return;
  }
  console.log(
    `A new authority signs from now on. Hosts get it when they renew, within a day; the old one is trusted until they all have, at the latest until ${ends}.`,
  );
  if (clients.length > 0)
    console.log(
      `These clients cannot renew; give each its new files before then: ${clients.map((name) => `homeostat hub issue ${name}`).join('; ')}`,
    );
}
