import { KeyObject } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makePrivateDirectory, writeFileAtomic } from '../lib/atomic-file.ts';
import type { Clock } from '../lib/clock.ts';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import { exclusively } from '../lib/exclusive.ts';
import { refuseWide } from '../lib/private-file.ts';
import { exportKey, newKeys, pinOf } from './keys.ts';
import { Refusal } from './refusal.ts';
import type { IssuedFacts } from './registry.ts';
import { Signer } from './signer.ts';
import { signingKeyOf } from './signing-key.ts';
import * as x509 from './x509.ts';

/** A key and the certificate that belongs to it, both PEM. */
export interface Credentials {
  readonly key: string;
  readonly certificate: string;
}

/** A certificate that was signed, PEM, and what the registry keeps of it. */
export interface Issued {
  readonly certificate: string;
  readonly facts: IssuedFacts;
}

const DAY_MS = 86_400_000;
/** How long a host's certificate is valid. It renews itself when a third of that is left. */
const HOST_LIFE_MS = DAY_MS;
const SERVER_DAYS = 90;
/** The hub's own certificate is made anew when it has less than a third of its life left. */
const RENEW_MS = (SERVER_DAYS * DAY_MS) / 3;

const LOCK = 'authority.lock';
const NEXT = 'next.pem';
const PREVIOUS = 'previous.pem';

/**
 * The hub's own certificate authority, in a folder of its own: `ca.pem` and `ca.key`, and `server.pem` and `server.key` of
 * the hub. Keys have mode 0600 and the folder 0700; wider ones are refused.
 *
 * While it is being replaced, `previous.pem` holds the old key and certificate: both authorities are trusted, the new one
 * signs for clients, and the old one signs the hub's own certificate, as hosts that have not renewed yet know only that.
 */
export class Authority {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #current: Signer;
  readonly #previous: Signer | undefined;
  /** When the previous authority is no longer trusted, ms since the epoch. */
  readonly transitionEnds: number | undefined;

  private constructor(folder: string, clock: Clock, current: Signer, previous?: Signer, ends?: number) {
    this.#folder = folder;
    this.#clock = clock;
    this.#current = current;
    this.#previous = previous;
    this.transitionEnds = ends;
  }

  /** Opens the authority of this folder, or makes one. Throws UserError where others could read its keys. */
  static async open(folder: string, clock: Clock): Promise<Authority> {
    makePrivateDirectory(folder);
    refuseWide(folder, 0o700);
    const at = (name: string): string => join(folder, name);
    const isNew = (): boolean => ![at('ca.key'), at('ca.pem'), at(NEXT)].some((path) => existsSync(path));
    const made = isNew() ? await newSigner(clock) : undefined;
    try {
      // Under the lock: half of a change that another process makes is nothing to go by.
      const files = exclusively(at(LOCK), () => {
        if (made && isNew()) keep(folder, made);
        // A change that was broken off is finished: NEXT is written whole before anything else of it.
        else if (existsSync(at(NEXT))) finish(folder);
        return readFiles(folder);
      });
      const current = await Signer.read(files.current);
      if (!files.previous) return new Authority(folder, clock, current);
      const { until, ...previous } = files.previous;
      return new Authority(folder, clock, current, await Signer.read(previous), until);
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(
        `${folder}: the hub's certificate authority cannot be read (${errorCode(error) ?? errorMessage(error)}); bring ca.pem and ca.key back from a backup, or move the folder away and enrol all hosts anew`,
      );
    }
  }

  /** All authorities that clients must trust now, PEM; the one that signs for clients comes first. */
  get certificate(): string {
    return `${this.#current.pem}${this.#previous?.pem ?? ''}`;
  }

  /** What pins the authority of the hub's own certificate; see `pinOf`. */
  get pin(): Buffer {
    return pinOf((this.#previous ?? this.#current).pem);
  }

  /** The authorities that are trusted, as the registry names them. */
  get trusted(): readonly string[] {
    return [this.#current.id, ...(this.#previous ? [this.#previous.id] : [])];
  }

  /**
   * A new key and a certificate for a client of this name, valid for `days`. Nothing of it is kept here. Its envelopes are signed with the
   * same key, or with that of `signingKey`, as the registry keeps it.
   */
  async issueClient(name: string, days: number, signingKey?: string): Promise<Credentials & Issued> {
    const keys = await newKeys();
    const { certificate, facts } = await this.#client(name, days * DAY_MS, keys.publicKey);
    return {
      ...{ key: await exportKey(keys.privateKey), certificate },
      facts: { ...facts, signingKey: signingKey ?? signingKeyOf(KeyObject.from(keys.publicKey)) },
    };
  }

  /** A certificate for a host of this name and the key of its request (PKCS#10, DER). Throws Refusal. */
  async signHost(name: string, request: Uint8Array): Promise<Issued> {
    return this.#client(name, HOST_LIFE_MS, await requestedKey(request));
  }

  /** The hub's own credentials for the names under which it is reached; renewed in time. The chain ends in the authority. */
  async server(names: readonly string[] = []): Promise<Credentials> {
    const keyFile = join(this.#folder, 'server.key');
    const pemFile = join(this.#folder, 'server.pem');
    const wanted = [...new Set(['localhost', '127.0.0.1', '::1', hostname(), ...names])];
    const signer = this.#previous ?? this.#current;
    const kept = this.#readServer(keyFile, pemFile, wanted, signer);
    if (kept) return kept;
    const keys = await newKeys();
    const { pem } = await signer.sign({
      ...{ name: 'homeostat-hub', now: this.#clock.now(), lifeMs: SERVER_DAYS * DAY_MS },
      publicKey: keys.publicKey,
      extensions: [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          wanted.map((name) => ({ type: /^[\d.]+$|:/.test(name) ? 'ip' : 'dns', value: name })),
        ),
      ],
    });
    const made = { key: await exportKey(keys.privateKey), certificate: `${pem}${signer.pem}` };
    writeFileAtomic(keyFile, made.key);
    writeFileAtomic(pemFile, made.certificate);
    return made;
  }

  /**
   * A new authority signs from now on, and the one until now is trusted until `transitionEnds`. The answer is the authority
   * as it is then. Throws UserError where one change is still under way.
   */
  async rotate(transitionMs: number): Promise<Authority> {
    const next = await newSigner(this.#clock);
    exclusively(join(this.#folder, LOCK), () => {
      if (existsSync(join(this.#folder, PREVIOUS)))
        throw new UserError(
          `the authority is being replaced already${this.transitionEnds === undefined ? '' : `, until ${new Date(this.transitionEnds).toISOString()}`}: wait for that, or end it now with 'homeostat hub rotate-ca --finish'`,
        );
      const until = new Date(this.#clock.now() + transitionMs).toISOString();
      const old = `until: ${until}\n${read(join(this.#folder, 'ca.key'))}${this.#current.pem}`;
      writeFileAtomic(join(this.#folder, PREVIOUS), old);
      keep(this.#folder, next);
    });
    return Authority.open(this.#folder, this.#clock);
  }

  /** The previous authority is trusted no longer. The answer is the authority as it is then. */
  endTransition(): Promise<Authority> {
    rmSync(join(this.#folder, PREVIOUS), { force: true });
    return Authority.open(this.#folder, this.#clock);
  }

  async #client(name: string, lifeMs: number, publicKey: CryptoKey): Promise<Issued> {
    const now = this.#clock.now();
    const { pem, serial } = await this.#current.sign({
      ...{ name, now, lifeMs, publicKey },
      extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
    });
    const facts = { serial, issuedAt: now, expiresAt: now + lifeMs, authority: this.#current.id };
    return { certificate: pem, facts };
  }

  #readServer(
    keyFile: string,
    pemFile: string,
    wanted: readonly string[],
    signer: Signer,
  ): Credentials | undefined {
    if (!existsSync(keyFile) || !existsSync(pemFile)) return undefined;
    refuseWide(keyFile, 0o600);
    const certificate = readFileSync(pemFile, 'utf8');
    const parsed = new x509.X509Certificate(certificate);
    if (!certificate.endsWith(signer.pem) || parsed.notAfter.getTime() - this.#clock.now() < RENEW_MS)
      return undefined;
    const names = parsed.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
    const covered = new Set(names.map(({ value }) => value));
    if (!wanted.every((name) => covered.has(name))) return undefined;
    return { key: readFileSync(keyFile, 'utf8'), certificate };
  }
}

type CryptoKey = Parameters<Signer['sign']>[0]['publicKey'];

const newSigner = (clock: Clock): Promise<Credentials> =>
  Signer.create(`Homeostat hub ${hostname()}`, clock.now());

/** Keys and certificates of the current and, where there is one, the previous authority. */
function readFiles(folder: string) {
  const [key, certificate, old] = ['ca.key', 'ca.pem', PREVIOUS].map((name) => join(folder, name));
  refuseWide(key!, 0o600);
  const current = { key: read(key!), certificate: read(certificate!) };
  if (!existsSync(old!)) return { current };
  refuseWide(old!, 0o600);
  const text = read(old!);
  const until = Date.parse(/^until: (\S+)$/m.exec(text)?.[1] ?? '');
  if (Number.isNaN(until)) throw new Error(`${PREVIOUS} says no end`);
  return { current, previous: { key: text, certificate: text, until } };
}

const read = (path: string): string => readFileSync(path, 'utf8');

/** Two files cannot be replaced at once: both go into one first, from which `finish` makes them, however often. */
function keep(folder: string, { key, certificate }: Credentials): void {
  writeFileAtomic(join(folder, NEXT), `${key}${certificate}`);
  finish(folder);
}

function finish(folder: string): void {
  refuseWide(join(folder, NEXT), 0o600);
  const text = read(join(folder, NEXT));
  const certificateAt = text.indexOf('-----BEGIN CERTIFICATE-----');
  writeFileAtomic(join(folder, 'ca.key'), text.slice(0, certificateAt));
  writeFileAtomic(join(folder, 'ca.pem'), text.slice(certificateAt));
  rmSync(join(folder, NEXT));
}

/** The key of a request that proves that its sender has the other half. */
async function requestedKey(request: Uint8Array): Promise<CryptoKey> {
  try {
    const parsed = new x509.Pkcs10CertificateRequest(Buffer.from(request));
    const { algorithm } = parsed.publicKey;
    if ((algorithm as { namedCurve?: string }).namedCurve !== 'P-256')
      throw new Refusal('invalid', 'the signing request has another key than ECDSA with P-256');
    if (!(await parsed.verify()))
      throw new Refusal('invalid', "the signing request's signature does not belong to its key");
    return await parsed.publicKey.export();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('invalid', 'the signing request is no PKCS#10 request in DER');
  }
}
