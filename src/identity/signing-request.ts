import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { ALGORITHM, importKey } from './keys.ts';
import * as x509 from './x509.ts';

/** A PKCS#10 request, DER, for this private key (PKCS#8, PEM): it proves that its sender has the key, and does not carry it. */
export async function signingRequest(name: string, key: string): Promise<Uint8Array> {
  const spki = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    signingAlgorithm: ALGORITHM,
    keys: {
      privateKey: await importKey(key),
      publicKey: await webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
    },
  });
  return new Uint8Array(request.rawData);
}
