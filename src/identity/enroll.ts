import { X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import type { EnrollResponse } from '../../proto/generated/homeostat/v1/identity.ts';
import type { Clock } from '../lib/clock.ts';
import { UserError } from '../lib/errors.ts';
import { HOST_NAME_HELP, isHostName } from '../model/host.ts';
import { type HostIdentity, readHostIdentity, unusable, writeHostIdentity } from './host-identity.ts';
import { CallError, IdentityClient } from './identity-client.ts';
import { exportKey, newKeys, pinOf, splitPem } from './keys.ts';
import { pinnedAuthority } from './pinned-authority.ts';
import { signingRequest } from './signing-request.ts';
import { decodeToken, secretId, type Token } from './token.ts';

export interface EnrollOptions {
  /** What `homeostat hub token create` printed. */
  readonly token: string;
  /** What the host wants to be called; else what the token says, else the machine's name. */
  readonly name?: string | undefined;
  /** Where the identity is kept: `<data>/identity`. */
  readonly folder: string;
  readonly clock: Clock;
}

export interface Enrolled extends Pick<HostIdentity, 'name' | 'address'> {
  /** ms since the epoch. */
  readonly expiresAt: number;
  /** This token had enrolled this host before: nothing was done. */
  readonly before: boolean;
}

/**
 * Makes this machine a host of the hub that made the token: a new key, which stays here, a certificate for it, and the
 * authorities to trust. Nothing is sent before the hub has shown that its certificate comes from the authority that the
 * token pins. Throws UserError, and then nothing has changed here.
 */
export async function enroll({ token: word, name: wanted, folder, clock }: EnrollOptions): Promise<Enrolled> {
  const token = decodeToken(word);
  const known = readHostIdentity(folder);
  // A service file with the token in it enrols at its first start and goes on as enrolled at the next ones.
  if (known?.token === secretId(token.secret)) return facts(known, true);
  const name = wanted ?? token.name ?? hostname();
  if (!isHostName(name))
    throw new UserError(
      `'${name}' cannot be a host's name (${HOST_NAME_HELP}): choose another one with --name`,
    );
  const authority = await pinnedAuthority(token, clock);
  const keys = await newKeys();
  const key = await exportKey(keys.privateKey);
  const client = new IdentityClient(token.address, { authorities: authority });
  try {
    const answer = await client.enroll({
      ...{ token: token.secret, hostName: name, hostTimeMs: BigInt(clock.now()) },
      signingRequest: await signingRequest(name, key),
    });
    const identity = checked(answer, token, name, key);
    writeHostIdentity(folder, identity);
    return facts(identity, false);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    throw new UserError(
      error.refused
        ? `the hub at ${token.address} refused: ${error.message}`
        : `the hub at ${token.address} could not enrol this host: ${error.message}; try again, and if the token is then said to be used by ${name}, run 'homeostat hub revoke ${name}' there and make a new one`,
      1,
    );
  } finally {
    client.close();
  }
}

/** What the hub answered, if it is what was asked for. */
function checked(answer: EnrollResponse, token: Token, name: string, key: string): HostIdentity {
  const { certificate, authorities, busPort } = answer;
  const identity: HostIdentity = {
    ...{ name, key, certificate, authorities, enrolment: token.address, token: secretId(token.secret) },
    address: token.address.replace(/\d+$/, String(busPort)),
  };
  if (!splitPem(authorities).some((one) => pinOf(one).equals(token.pin)))
    throw new UserError(
      `the hub at ${token.address} handed out authorities without the one that the token pins`,
      1,
    );
  const wrong = unusable(identity);
  if (wrong) throw new UserError(`the hub at ${token.address} handed out a certificate that ${wrong}`, 1);
  return identity;
}

function facts(identity: HostIdentity, before: boolean): Enrolled {
  const { name, address, certificate } = identity;
  return { name, address, before, expiresAt: Date.parse(new X509Certificate(certificate).validTo) };
}
