import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { UserError } from '../lib/errors.ts';

/** How the registry keeps a key that verifies signatures: SPKI, DER, base64. */
export function signingKeyOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** Reads a public key, PEM, for ECDSA with P-256 or Ed25519. Throws UserError; `path` is where the text is from. */
export function readSigningKey(text: string, path: string): string {
  if (text.includes('PRIVATE KEY'))
    throw new UserError(
      `${path} is a private key, which stays with the client: make its public one with 'openssl pkey -in ${path} -pubout'`,
    );
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    throw new UserError(`${path} is no public key in PEM: 'openssl pkey -in KEY -pubout' makes one`);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519' || (type === 'ec' && details?.namedCurve === 'prime256v1')) return signingKeyOf(key);
  throw new UserError(`${path} is a key of another kind (${type}): expected ECDSA with P-256, or Ed25519`);
}

/** Verifies with keys as the registry keeps them; each is read once. */
export class SigningKeys {
  readonly #keys = new Map<string, KeyObject>();

  /** Whether one of the keys made the signature: Ed25519 (RFC 8032), or ECDSA over SHA-256 in DER (RFC 3279). */
  verifies(keys: readonly string[], body: Uint8Array, signature: Uint8Array): boolean {
    return keys.some((text) => {
      const key = this.#read(text);
      return verify(key.asymmetricKeyType === 'ec' ? 'sha256' : null, body, key, signature);
    });
  }

  #read(text: string): KeyObject {
    const known = this.#keys.get(text);
    if (known) return known;
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    this.#keys.set(text, key);
    return key;
  }
}
