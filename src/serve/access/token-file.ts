import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';
import { exclusively } from '../../lib/exclusive.ts';
import { printable, truncate } from '../../lib/text.ts';
import { type AccessToken, ROLES, type Role } from '../../model/access.ts';
import { hashOf, newSecret, sameHash } from './secret.ts';

/** Tells ours from the tokens that enrol hosts (hst1_). */
const PREFIX = 'hsa1_';
const NAME = /^[A-Za-z0-9][\w.@-]{0,63}$/;
const NAME_HELP =
  '1 to 64 letters, digits, dots, hyphens, underscores or @, beginning with a letter or digit';

const fileSchema = v.strictObject({
  schema: v.literal(1),
  tokens: v.array(
    v.strictObject({
      name: v.pipe(v.string(), v.regex(NAME)),
      role: v.picklist(ROLES),
      hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
      createdAt: v.number(),
      expiresAt: v.exactOptional(v.number()),
    }),
  ),
});

/** A named token as it is kept. */
export interface KeptToken extends AccessToken {
  /** SHA-256 of the token, in hex. */
  readonly hash: string;
}

const pathOf = (folder: string): string => join(folder, 'tokens.json');

/** The named tokens of a folder, oldest first, also those that expired. Throws a UserError where the file cannot be read. */
export function readTokens(folder: string): readonly KeptToken[] {
  const path = pathOf(folder);
  try {
    return v.parse(fileSchema, JSON.parse(readFileSync(path, 'utf8'))).tokens;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw new UserError(
      `${path} cannot be read (${errorMessage(error)}): mend it, or move it away and make new tokens`,
      1,
    );
  }
}

export interface TokenWish {
  readonly name: string;
  readonly role: Role;
  /** ms since the epoch. */
  readonly at: number;
  readonly expiresAt?: number;
}

/** Makes a token and returns it: nothing but its hash is kept. Throws a UserError where the name is none, or is taken. */
export function createToken(folder: string, { name, role, at, expiresAt }: TokenWish): string {
  if (!NAME.test(name)) throw new UserError(`${quoted(name)} is no name of a token; expected ${NAME_HELP}`);
  const token = PREFIX + newSecret();
  change(folder, (tokens) => {
    if (tokens.some((one) => one.name === name))
      throw new UserError(
        `a token is called '${name}' already; 'homeostat access revoke ${name}' ends it, or take another name`,
      );
    const made = { name, role, hash: hashOf(token), createdAt: at };
    return [...tokens, { ...made, ...(expiresAt !== undefined && { expiresAt }) }];
  });
  return token;
}

/** Ends a token and all sessions that began with it; undefined where none has that name. */
export function revokeToken(folder: string, name: string): AccessToken | undefined {
  let revoked: KeptToken | undefined;
  if (!readTokens(folder).some((one) => one.name === name)) return undefined;
  change(folder, (tokens) => {
    revoked = tokens.find((one) => one.name === name);
    return tokens.filter((one) => one !== revoked);
  });
  return revoked && told(revoked);
}

/** What may be shown of it. */
export const told = ({ hash, ...token }: KeptToken): AccessToken => token;

function change(folder: string, to: (tokens: readonly KeptToken[]) => readonly KeptToken[]): void {
  const path = pathOf(folder);
  try {
    exclusively(`${path}.lock`, () => {
      writeFileAtomic(path, `${JSON.stringify({ schema: 1, tokens: to(readTokens(folder)) }, null, 2)}\n`);
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} cannot be written (${errorMessage(error)}): run as its owner`, 1);
  }
}

const quoted = (text: string): string => `'${truncate(printable(text), 80)}'`;

/** The tokens of a folder, read again whenever the file was changed. */
export class TokenFile {
  readonly #folder: string;
  readonly #onProblem: (problem: string) => void;
  #stamp = '';
  #tokens: readonly KeptToken[] = [];

  /** `onProblem`: told once of each change that cannot be read; nobody gets in by a named token then. */
  constructor(folder: string, onProblem: (problem: string) => void) {
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  /** The token that this text is, also one that expired. All of them are compared, whichever it is. */
  find(text: string): KeptToken | undefined {
    const hash = hashOf(text);
    let found: KeptToken | undefined;
    for (const token of this.#look()) if (sameHash(token.hash, hash)) found = token;
    return found;
  }

  /** Whether a token of this hash was not revoked and has not expired, ms since the epoch. */
  holds(hash: string, at: number): boolean {
    return this.#look().some((token) => token.hash === hash && holdsAt(token, at));
  }

  /** One look at the file's times. */
  #look(): readonly KeptToken[] {
    const stat = statSync(pathOf(this.#folder), { throwIfNoEntry: false });
    const stamp = stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : '';
    if (stamp === this.#stamp) return this.#tokens;
    this.#stamp = stamp;
    try {
      this.#tokens = readTokens(this.#folder);
    } catch (error) {
      this.#tokens = [];
      this.#onProblem(errorMessage(error));
    }
    return this.#tokens;
  }
}

const holdsAt = ({ expiresAt }: AccessToken, at: number): boolean =>
  expiresAt === undefined || at < expiresAt;
