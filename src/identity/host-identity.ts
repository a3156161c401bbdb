import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makePrivateDirectory, writeFileAtomic } from '../lib/atomic-file.ts';
import { errorMessage, UserError } from '../lib/errors.ts';
import { refuseWide } from '../lib/private-file.ts';
import { commonName, splitPem } from './keys.ts';

/** What a host has from its hub, PEM. */
export interface HostIdentity {
  readonly name: string;
  /** Where it publishes: `host:port`. */
  readonly address: string;
  /** Where it was enrolled: `host:port`. */
  readonly enrolment: string;
  /** Which token enrolled it; no secret. */
  readonly token: string;
  readonly key: string;
  readonly certificate: string;
  /** One or more. */
  readonly authorities: string;
}

const KEY = 'host.key';
const CERTIFICATE = 'host.pem';
const AUTHORITIES = 'ca.pem';
const HUB = 'hub.json';

/**
 * The identity in this folder, or undefined where the host never enrolled. Throws UserError where others could read the key,
 * or the files do not belong together.
 *
 * `host.key`, `host.pem`, `ca.pem`, `hub.json`, mode 0600 in a folder of mode 0700. All of them change only when the host
 * is enrolled anew; a renewal replaces `ca.pem` and then `host.pem`, each whole, for the same key, so that whoever reads
 * them at any moment has a key and a certificate that fit.
 */
export function readHostIdentity(folder: string): HostIdentity | undefined {
  const fresh = freshFolder(folder);
  // An enrolment that was broken off between its two renames.
  if (!existsSync(folder) && existsSync(join(fresh, HUB))) renameSync(fresh, folder);
  if (!existsSync(join(folder, HUB))) return undefined;
  refuseWide(folder, 0o700);
  for (const name of [KEY, CERTIFICATE, AUTHORITIES, HUB])
    if (existsSync(join(folder, name))) refuseWide(join(folder, name), 0o600);
  try {
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
    const { name, address, enrolment, token } = JSON.parse(read(HUB)) as HostIdentity;
    const [key, certificate, authorities] = [read(KEY), read(CERTIFICATE), read(AUTHORITIES)];
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)))
      throw new Error(`${CERTIFICATE} is not for ${KEY}`);
    return { name, address, enrolment, token, key, certificate, authorities };
  } catch (error) {
    throw new UserError(
      `${folder}: this host's identity cannot be read (${errorMessage(error)}); remove the folder and enrol anew with a token ('homeostat hub token create' on the hub)`,
    );
  }
}

/** Puts a new identity in the place of what is there. */
export function writeHostIdentity(folder: string, identity: HostIdentity): void {
  const { key, certificate, authorities, ...hub } = identity;
  const fresh = freshFolder(folder);
  const old = `${folder}.old`;
  makePrivateDirectory(dirname(folder));
  for (const left of [fresh, old]) rmSync(left, { recursive: true, force: true });
  makePrivateDirectory(fresh);
  writeFileAtomic(join(fresh, KEY), key);
  writeFileAtomic(join(fresh, CERTIFICATE), certificate);
  writeFileAtomic(join(fresh, AUTHORITIES), authorities);
  writeFileAtomic(join(fresh, HUB), `${JSON.stringify(hub, null, 1)}\n`);
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(fresh, folder);
  rmSync(old, { recursive: true, force: true });
}

/** A renewal: the authorities first, as the new certificate may be seen together with the new ones only. */
export function replaceCertificate(
  folder: string,
  { certificate, authorities }: Pick<HostIdentity, 'certificate' | 'authorities'>,
): void {
  writeFileAtomic(join(folder, AUTHORITIES), authorities);
  writeFileAtomic(join(folder, CERTIFICATE), certificate);
}

/** Why a certificate that a hub handed out is not what was asked for, or undefined. */
export function unusable(
  identity: Pick<HostIdentity, 'name' | 'key' | 'certificate' | 'authorities'>,
): string | undefined {
  const certificate = new X509Certificate(identity.certificate);
  const subject = commonName(certificate);
  if (subject !== identity.name) return `names ${subject} in place of ${identity.name}`;
  if (!certificate.checkPrivateKey(createPrivateKey(identity.key))) return 'is for another key';
  const issued = splitPem(identity.authorities)
    .map((pem) => new X509Certificate(pem))
    .some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey));
  return issued ? undefined : 'none of its authorities signed';
}

const freshFolder = (folder: string): string => `${folder}.new`;
