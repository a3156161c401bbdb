import { webcrypto } from 'node:crypto';
import * as x509 from '../../src/identity/x509.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY = 86_400_000;

/** PEM. */
export interface ServerKey {
  readonly key: string;
  readonly cert: string;
}

/** An authority that nobody knows. */
export class OwnAuthority {
  readonly #root: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(root: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#root = root;
    this.#keys = keys;
  }

  static async make(): Promise<OwnAuthority> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      ...{ name: 'CN=An authority of a test', keys, signingAlgorithm: ALGORITHM },
      ...{ notBefore: new Date(Date.now() - 2 * DAY), notAfter: new Date(Date.now() + DAY) },
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    });
    return new OwnAuthority(root, keys);
  }

  /** PEM. */
  get certificate(): string {
    return this.#root.toString('pem');
  }

  /** A server's, for `names`; valid from yesterday for `days`. */
  async issue(names: readonly string[], days = 2): Promise<ServerKey> {
    const own = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const notBefore = new Date(Date.now() - DAY);
    const leaf = await x509.X509CertificateGenerator.create({
      ...{ subject: 'CN=A server of a test', issuer: this.#root.subject },
      ...{ notBefore, notAfter: new Date(notBefore.getTime() + days * DAY) },
      ...{ publicKey: own.publicKey, signingKey: this.#keys.privateKey, signingAlgorithm: ALGORITHM },
      extensions: [
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value })),
        ),
      ],
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey)).toString('base64');
    return {
      key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
      cert: leaf.toString('pem'),
    };
  }
}
