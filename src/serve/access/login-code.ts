import { readdirSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { makePrivateDirectory, writeFileAtomic } from '../../lib/atomic-file.ts';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';
import { ROLES, type Role } from '../../model/access.ts';
import { hashOf, newSecret } from './secret.ts';

/** How long a link can be opened. */
const HOLDS_MS = 5 * 60_000;

const codeSchema = v.strictObject({ name: v.string(), role: v.picklist(ROLES), expiresAt: v.number() });

/** Who comes in by a link. */
export interface Invited {
  readonly name: string;
  readonly role: Role;
}

const folderOf = (folder: string): string => join(folder, 'logins');

/**
 * The code of a link that lets somebody in once, within five minutes: whoever may write the folder may make one. Each is a file that is
 * called by its hash and is gone when it is used. Throws a UserError where it cannot be written.
 */
export function createLoginCode(folder: string, invited: Invited, at: number): string {
  const code = newSecret();
  try {
    makePrivateDirectory(folderOf(folder));
    removeExpired(folder, at);
    const file = { ...invited, expiresAt: at + HOLDS_MS };
    writeFileAtomic(join(folderOf(folder), hashOf(code)), JSON.stringify(file));
  } catch (error) {
    throw new UserError(`${folder}: no link can be made there (${errorMessage(error)}); run as its owner`, 1);
  }
  return code;
}

/** Whom a code lets in, and it lets nobody in again; undefined where it is none, is used up, or is too old. */
export function useLoginCode(folder: string, code: string, at: number): Invited | undefined {
  const path = join(folderOf(folder), hashOf(code));
  try {
    const text = readFileSync(path, 'utf8');
    // Of several that use it at the same time one removes the file; for the others it is not there.
    unlinkSync(path);
    const { expiresAt, ...invited } = v.parse(codeSchema, JSON.parse(text));
    return at < expiresAt && at >= expiresAt - HOLDS_MS ? invited : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function removeExpired(folder: string, at: number): void {
  for (const name of readdirSync(folderOf(folder))) {
    const path = join(folderOf(folder), name);
    try {
      if (v.parse(codeSchema, JSON.parse(readFileSync(path, 'utf8'))).expiresAt <= at)
        rmSync(path, { force: true });
    } catch {
      // Used up meanwhile, or written by nobody of ours: it lets nobody in.
    }
  }
}
