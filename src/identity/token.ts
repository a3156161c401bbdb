import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { UserError } from '../lib/errors.ts';

/** What a person carries from the hub to a new host, in one word. */
export interface Token {
  /** Where the hub enrols: `host:port`. */
  readonly address: string;
  /** Of the authority that the hub's certificate must come from; see `pinOf`. */
  readonly pin: Buffer;
  /** What the host shows to the hub. */
  readonly secret: string;
  /** The only name that it enrols. */
  readonly name?: string;
}

const PREFIX = 'hst1_';
const CHECK_BYTES = 4;
const PIN_BYTES = 32;
const ID_BYTES = 6;
/** 192 bits. */
const SECRET_BYTES = 24;

/**
 * `hst1_` and in base64url: 4 bytes of SHA-256 over what follows, so that a word that was pasted in part is known as such;
 * the pin; the secret (6 bytes that name it, 24 random ones); the address and, after a slash, the name.
 */
export function encodeToken({ address, pin, secret, name }: Token): string {
  const text = name === undefined ? address : `${address}/${name}`;
  const body = Buffer.concat([pin, Buffer.from(secret, 'base64url'), Buffer.from(text)]);
  return PREFIX + Buffer.concat([checkOf(body), body]).toString('base64url');
}

/** Throws UserError where the text is no token, or not a whole one. */
export function decodeToken(text: string): Token {
  const word = text.trim();
  if (!/^hst1_[\w-]+$/.test(word))
    throw new UserError(
      "the token is none: it begins with hst1_; paste the whole line that 'homeostat hub token create' printed",
    );
  const bytes = Buffer.from(word.slice(PREFIX.length), 'base64url');
  const body = bytes.subarray(CHECK_BYTES);
  const secretEnd = PIN_BYTES + ID_BYTES + SECRET_BYTES;
  if (body.length <= secretEnd || !checkOf(body).equals(bytes.subarray(0, CHECK_BYTES)))
    throw new UserError(
      "the token is damaged or not whole: paste the whole line that 'homeostat hub token create' printed",
    );
  const [address = '', name] = body.subarray(secretEnd).toString().split('/');
  return {
    pin: body.subarray(0, PIN_BYTES),
    secret: body.subarray(PIN_BYTES, secretEnd).toString('base64url'),
    address,
    ...(name !== undefined && { name }),
  };
}

const checkOf = (body: Buffer): Buffer => createHash('sha256').update(body).digest().subarray(0, CHECK_BYTES);

/** 6 bytes that name it and 192 random bits, in base64url. */
export const newSecret = (): string => randomBytes(ID_BYTES + SECRET_BYTES).toString('base64url');

/** The name of a secret, in hex: no secret itself. */
export const secretId = (secret: string): string =>
  Buffer.from(secret, 'base64url').subarray(0, ID_BYTES).toString('hex');

/** What is kept of a secret. It has 192 random bits, so a plain hash cannot be searched through. */
export const secretHash = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** In a time that tells nothing about where they differ. */
export const sameHash = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(one, 'hex'), Buffer.from(other, 'hex'));
