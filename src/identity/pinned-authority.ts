import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import http2 from 'node:http2';
import tls from 'node:tls';
import type { Clock } from '../lib/clock.ts';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import { pinOf } from './keys.ts';
import { clockDifference, iso } from './rules.ts';
import type { Token } from './token.ts';

const TIMEOUT_MS = 10_000;
/** TLS's purpose `serverAuth`. */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/**
 * The certificate of the hub's authority, PEM, if it is the one that the token pins and signed what the hub shows. Only a
 * TLS handshake is made for it; of this host it tells nothing. Throws UserError.
 */
export async function pinnedAuthority({ address, pin }: Token, clock: Clock): Promise<string> {
  const socket = await connect(address);
  try {
    const leaf = socket.getPeerX509Certificate();
    const authority = leaf?.issuerCertificate;
    if (!leaf || !authority || !pinOf(authority).equals(pin)) throw wrongAuthority(address, pin, authority);
    if (!leaf.checkIssued(authority) || !leaf.verify(authority.publicKey) || !isServer(leaf))
      throw new UserError(
        `what answers at ${address} is not the hub: its certificate is not one of a hub's`,
        1,
      );
    await checkDates(leaf, socket, clock);
    return `${authority.toString().trimEnd()}\n`;
  } finally {
    socket.destroy();
  }
}

/** Nothing is believed of the peer yet: what it shows is checked above. */
async function connect(address: string): Promise<tls.TLSSocket> {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  if (host === undefined) throw new UserError(`the token names no address of a hub: '${address}'`);
  const socket = tls.connect({
    ...{ host, port: Number(port), servername: 'localhost', ALPNProtocols: ['h2'] },
    ...{ minVersion: 'TLSv1.3', rejectUnauthorized: false, timeout: TIMEOUT_MS },
  });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return socket;
  } catch (error) {
    socket.destroy();
    const why =
      error instanceof Error && error.name === 'AbortError' ? 'no answer in 10 s' : errorCode(error);
    throw new UserError(
      `the hub at ${address} cannot be reached (${why ?? errorMessage(error)}): see that it runs and takes hosts there ('homeostat hub --enroll-port'), and that no firewall is between`,
      1,
    );
  }
}

const isServer = (leaf: X509Certificate): boolean => leaf.keyUsage?.includes(SERVER_AUTH) === true;

function wrongAuthority(address: string, pin: Buffer, shown: X509Certificate | undefined): UserError {
  const short = (bytes: Buffer): string => bytes.toString('hex').slice(0, 16);
  return new UserError(
    `what answers at ${address} is not the hub that made the token: its authority is ${shown ? short(pinOf(shown)) : 'not shown'}, the token wants ${short(pin)}; nothing was sent. If the hub's authority was replaced since, make a new token there; else somebody is in between`,
    1,
  );
}

/** The hub's certificate may be unusable only because one of the two clocks is wrong; then that is the line. */
async function checkDates(leaf: X509Certificate, socket: tls.TLSSocket, clock: Clock): Promise<void> {
  const now = clock.now();
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (from <= now && now <= to) return;
  const hubTime = await timeOf(socket);
  const difference = hubTime === undefined ? undefined : clockDifference(now, hubTime);
  throw new UserError(
    difference
      ? `${difference}; set them (NTP) and enrol again with the same token`
      : `the hub's certificate is valid from ${iso(from)} to ${iso(to)} and this host's clock says ${iso(now)}: set the clocks of both (NTP)`,
    1,
  );
}

/** The peer's clock from the date of any HTTP answer, to the second; undefined where it gives none. */
async function timeOf(socket: tls.TLSSocket): Promise<number | undefined> {
  const session = http2.connect('https://localhost', { createConnection: () => socket });
  session.on('error', () => {});
  try {
    const request = session.request({ ':path': '/' });
    const [headers] = (await once(request, 'response', { signal: AbortSignal.timeout(TIMEOUT_MS) })) as [
      http2.IncomingHttpHeaders,
    ];
    const time = Date.parse(headers.date ?? '');
    return Number.isNaN(time) ? undefined : time;
  } catch {
    return undefined;
  } finally {
    session.destroy();
  }
}
