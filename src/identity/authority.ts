import { webcrypto } from 'node:crypto';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makePrivateDirectory, writeFileAtomic } from '../lib/atomic-file.ts';
import type { Clock } from '../lib/clock.ts';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import * as x509 from './x509.ts';

/** A key and the certificate that belongs to it, both PEM. */
export interface Credentials {
  readonly key: string;
  readonly certificate: string;
}

/** ECDSA with P-256 and SHA-256 (RFC 5480): what every TLS 1.3 client must have. */
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
const SERVER_DAYS = 90;
/** A clock that is behind by so much still finds the certificate valid. */
const SKEW_MS = 5 * 60_000;
/** The hub's own certificate is made anew when it has less than a third of its life left. */
const RENEW_MS = (SERVER_DAYS * DAY_MS) / 3;

/**
 * The hub's own certificate authority, in a folder of its own: `ca.pem` and `ca.key`, and `server.pem` and `server.key` of
 * the hub. Keys have mode 0600 and the folder 0700; wider ones are refused.
 */
export class Authority {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #ca: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;

  private constructor(folder: string, clock: Clock, ca: x509.X509Certificate, key: webcrypto.CryptoKey) {
    this.#folder = folder;
    this.#clock = clock;
    this.#ca = ca;
    this.#key = key;
  }

  /** Opens the authority of this folder, or makes one. Throws UserError where others could read its keys. */
  static async open(folder: string, clock: Clock): Promise<Authority> {
    makePrivateDirectory(folder);
    refuseWide(folder, 0o700);
    const pem = join(folder, 'ca.pem');
    const key = join(folder, 'ca.key');
    if (!existsSync(key) && !existsSync(pem)) await create(folder, clock);
    refuseWide(key, 0o600);
    try {
      const ca = new x509.X509Certificate(readFileSync(pem, 'utf8'));
      return new Authority(folder, clock, ca, await importKey(readFileSync(key, 'utf8')));
    } catch (error) {
      throw new UserError(
        `${folder}: the hub's certificate authority cannot be read (${errorCode(error) ?? errorMessage(error)}); bring ca.pem and ca.key back from a backup, or move the folder away and enrol all hosts anew`,
      );
    }
  }

  /** The certificate that clients must trust, PEM. */
  get certificate(): string {
    return this.#ca.toString('pem');
  }

  /** A new key and a certificate for a client of this name, valid for `days`. Nothing of it is kept here. */
  issueClient(name: string, days: number): Promise<Credentials> {
    return this.#issue(name, days, [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])]);
  }

  /** The hub's own credentials for the names under which it is reached; renewed in time. */
  async server(names: readonly string[] = []): Promise<Credentials> {
    const keyFile = join(this.#folder, 'server.key');
    const pemFile = join(this.#folder, 'server.pem');
    const wanted = [...new Set(['localhost', '127.0.0.1', '::1', hostname(), ...names])];
    const kept = this.#readServer(keyFile, pemFile, wanted);
    if (kept) return kept;
    const made = await this.#issue('homeostat-hub', SERVER_DAYS, [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        wanted.map((name) => ({ type: /^[\d.]+$|:/.test(name) ? 'ip' : 'dns', value: name })),
      ),
    ]);
    writeFileAtomic(keyFile, made.key);
    writeFileAtomic(pemFile, made.certificate);
    return made;
  }

  #readServer(keyFile: string, pemFile: string, wanted: readonly string[]): Credentials | undefined {
    if (!existsSync(keyFile) || !existsSync(pemFile)) return undefined;
    refuseWide(keyFile, 0o600);
    const certificate = readFileSync(pemFile, 'utf8');
    const parsed = new x509.X509Certificate(certificate);
    if (parsed.issuer !== this.#ca.subject || parsed.notAfter.getTime() - this.#clock.now() < RENEW_MS)
      return undefined;
    const names = parsed.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
    const covered = new Set(names.map(({ value }) => value));
    if (!wanted.every((name) => covered.has(name))) return undefined;
    return { key: readFileSync(keyFile, 'utf8'), certificate };
  }

  async #issue(name: string, days: number, extensions: readonly x509.Extension[]): Promise<Credentials> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(16))).toString('hex'),
      subject: [{ CN: [name] }],
      issuer: this.#ca.subject,
      ...period(this.#clock, days),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(this.#ca.publicKey),
        ...extensions,
      ],
    });
    return { key: await exportKey(keys.privateKey), certificate: certificate.toString('pem') };
  }
}

async function create(folder: string, clock: Clock): Promise<void> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(16))).toString('hex'),
    name: [{ CN: [`Homeostat hub ${hostname()}`] }],
    ...period(clock, CA_DAYS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  // The key first: a certificate without its key would look like an authority that lost it.
  writeFileAtomic(join(folder, 'ca.key'), await exportKey(keys.privateKey));
  writeFileAtomic(join(folder, 'ca.pem'), certificate.toString('pem'));
}

const period = (clock: Clock, days: number) => ({
  notBefore: new Date(clock.now() - SKEW_MS),
  notAfter: new Date(clock.now() + days * DAY_MS),
});

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replaceAll(/(.{64})/g, '$1\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
}

/** Throws UserError where others than the owner may read. Windows has no such modes. */
function refuseWide(path: string, mode: number): void {
  if (process.platform === 'win32') return;
  const now = lstatSync(path).mode & 0o777;
  if ((now & ~mode) === 0) return;
  throw new UserError(
    `${path} has mode ${now.toString(8).padStart(4, '0')}, so that others could read keys: run 'chmod ${mode.toString(8)} ${path}', and if others were here, enrol anew`,
  );
}
