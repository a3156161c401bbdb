import { UserError } from '../lib/errors.ts';

/** What a host or a client may be called: it is a certificate's common name, a source in the log, and part of paths. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export const NAME_HELP =
  '1 to 63 letters, digits, dots, hyphens and underscores, beginning with a letter or digit';

export const isHostName = (text: string): boolean => NAME.test(text);

/** Throws UserError where a host cannot be called so. */
export function checkHostName(name: string): void {
  if (!isHostName(name))
    throw new UserError(`'${name}' cannot be a host's name (${NAME_HELP}): choose another one with --name`);
}
