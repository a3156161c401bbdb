import { createHash, webcrypto, X509Certificate } from 'node:crypto';

/** ECDSA with P-256 and SHA-256 (RFC 5480): what every TLS 1.3 client must have. */
export const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

/** PKCS#8, PEM. */
export async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replaceAll(/(.{64})/g, '$1\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
}

/** A private key from PKCS#8, PEM. */
export function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
}

/** What pins an authority: SHA-256 of its public key (SPKI, as RFC 7469 does), so that it outlives a new certificate for the same key. */
export function pinOf(certificate: string | Buffer | X509Certificate): Buffer {
  const parsed = certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate);
  return createHash('sha256')
    .update(parsed.publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}

/** 127 random bits in hex. The first bit is 0 and the first byte is not, so that all who print the number print the same. */
export function newSerial(): string {
  const bytes = Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)));
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex').toUpperCase();
}

/** The certificates of a PEM text, each alone. */
export const splitPem = (pem: string): string[] =>
  pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];

/** As `newSerial` writes it, whoever printed it. */
export const serialOf = (text: string): string => text.toUpperCase().replace(/^0+(?=.)/, '');

/** The subject's common name, or an empty text. */
export const commonName = (certificate: X509Certificate): string =>
  certificate.toLegacyObject().subject.CN?.toString() ?? '';
