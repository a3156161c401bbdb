import { readFileSync } from 'node:fs';
import { errorCode, UserError } from './errors.ts';
import { refuseWide } from './private-file.ts';

/** Where a secret is kept: in a file that only its owner reads, or in a variable of the environment. Never in a configuration file. */
export type SecretPlace = { readonly file: string } | { readonly env: string };

/**
 * A secret that is read each time it is needed, so that it can be exchanged while the program runs, and that nothing prints: as text, as
 * JSON and in an inspection it is its place.
 */
export class Secret {
  readonly place: SecretPlace;
  readonly #env: NodeJS.ProcessEnv;

  constructor(place: SecretPlace, env: NodeJS.ProcessEnv = process.env) {
    this.place = place;
    this.#env = env;
  }

  /** The secret without white space around it. Throws a UserError where there is none, or where others could read its file. */
  read(): string {
    const text = 'file' in this.place ? readPrivately(this.place.file) : this.#env[this.place.env];
    const secret = text?.trim() ?? '';
    if (secret !== '') return secret;
    throw new UserError(
      'file' in this.place
        ? `${this.place.file}: the file is empty; write the secret into it`
        : `${this.place.env}: the environment has no such variable, or it is empty; set it where Homeostat is started`,
    );
  }

  toString(): string {
    return 'file' in this.place ? `file ${this.place.file}` : `environment ${this.place.env}`;
  }
}

function readPrivately(path: string): string {
  try {
    refuseWide(path, 0o600, { next: 'then give out a new secret, if others were here' });
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${path}: the secret cannot be read (${errorCode(error)}); check the path and that its owner is who runs Homeostat`,
    );
  }
}

/** `text` with each of the secrets in it, also as it stands in a URL or in Base64, replaced: for errors of others. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets
    .filter((secret) => secret.length > 3)
    .flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]);
  return forms.reduce((shown, form) => shown.replaceAll(form, '[secret]'), text);
}
