import { createPrivateKey, type webcrypto, X509Certificate } from 'node:crypto';
import { ALGORITHM, exportKey, importKey, newKeys, newSerial, pinOf } from './keys.ts';
import { SKEW_MS } from './rules.ts';
import * as x509 from './x509.ts';

const CA_MS = 3650 * 86_400_000;

interface Wanted {
  readonly name: string;
  /** ms since the epoch. */
  readonly now: number;
  readonly lifeMs: number;
  readonly publicKey: webcrypto.CryptoKey;
  readonly extensions: readonly x509.Extension[];
}

/** One authority: a certificate and the key that signs with it. */
export class Signer {
  /** The certificate, PEM, with a line end. */
  readonly pem: string;
  /** What the registry calls it: the first 8 bytes of its pin, hex. */
  readonly id: string;
  readonly #certificate: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;

  private constructor(certificate: x509.X509Certificate, key: webcrypto.CryptoKey) {
    this.#certificate = certificate;
    this.#key = key;
    this.pem = `${certificate.toString('pem').trimEnd()}\n`;
    this.id = pinOf(this.pem).toString('hex').slice(0, 16);
  }

  /** The key and the certificate of a new authority, PEM, valid for ten years. */
  static async create(name: string, now: number): Promise<{ key: string; certificate: string }> {
    const keys = await newKeys();
    const serialNumber = newSerial();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber,
      // Two authorities of one hub have two names: some who verify find the issuer by it alone.
      name: [{ CN: [`${name.slice(0, 50)} ${serialNumber.slice(0, 8)}`] }],
      ...period(now, CA_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return {
      key: await exportKey(keys.privateKey),
      certificate: `${certificate.toString('pem').trimEnd()}\n`,
    };
  }

  /** Either text may hold more than what is read from it. Throws where they do not belong together. */
  static async read({ key, certificate }: { key: string; certificate: string }): Promise<Signer> {
    const pem = block(certificate, 'CERTIFICATE');
    const keyPem = block(key, 'PRIVATE KEY');
    if (!new X509Certificate(pem).checkPrivateKey(createPrivateKey(keyPem)))
      throw new Error('the key does not belong to the certificate');
    return new Signer(new x509.X509Certificate(pem), await importKey(keyPem));
  }

  /** Signs a certificate for the subject with this common name. It begins a little before now: see `SKEW_MS`. */
  async sign({ name, now, lifeMs, publicKey, extensions }: Wanted): Promise<{ pem: string; serial: string }> {
    const serial = newSerial();
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject: [{ CN: [name] }],
      issuer: this.#certificate.subject,
      ...period(now, lifeMs),
      signingAlgorithm: ALGORITHM,
      publicKey,
      signingKey: this.#key,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate.publicKey),
        ...extensions,
      ],
    });
    return { pem: `${certificate.toString('pem').trimEnd()}\n`, serial };
  }
}

const period = (now: number, lifeMs: number) => ({
  notBefore: new Date(now - SKEW_MS),
  notAfter: new Date(now + lifeMs),
});

function block(text: string, what: string): string {
  const found = new RegExp(`-----BEGIN ${what}-----[^-]+-----END ${what}-----`).exec(text)?.[0];
  if (found === undefined) throw new Error(`no ${what} in it`);
  return found;
}
