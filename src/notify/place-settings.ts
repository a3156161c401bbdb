import * as v from 'valibot';
import { UserError } from '../lib/errors.ts';
import { isLoopback } from '../lib/network-address.ts';
import { quantity } from '../lib/quantity.ts';
import { Secret } from '../lib/secret.ts';
import { parseDuration } from '../lib/units.ts';

const timeoutSchema = quantity('a span of time from 1s to 5m, such as 15s', (text) => {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= 1000 && ms <= 300_000 ? ms : undefined;
});

const PER_HOUR = 'a number of messages an hour from 1 to 1000';

/** What every channel has. */
export const COMMON = {
  /** Messages an hour; what is beyond is told together, later. */
  per_hour: v.optional(
    v.pipe(v.number(PER_HOUR), v.integer(PER_HOUR), v.minValue(1, PER_HOUR), v.maxValue(1000, PER_HOUR)),
    20,
  ),
  /** So long one try may take. */
  timeout: v.optional(timeoutSchema, '15s'),
};

export const text = (what: string) => v.pipe(v.string(what), v.regex(/^[^\u0000-\u001f\u007f]+$/, what));

const path = v.optional(text('the path of a file'));

/** The two places of one secret. */
export const secretEntries = <Name extends string>(name: Name) =>
  ({
    [`${name}_file`]: path,
    [`${name}_env`]: v.optional(text('the name of a variable of the environment')),
  }) as Record<`${Name}_file` | `${Name}_env`, typeof path>;

export const caEntry = { ca_file: path };

type Places = Readonly<Record<string, unknown>>;

/** How many of the two places of a secret are given. */
export const placesOf = (settings: object, name: string): number =>
  [`${name}_file`, `${name}_env`].filter((key) => (settings as Places)[key] !== undefined).length;

/** The secret that settings name; undefined where they name none. */
export function secretOf(settings: object, name: string, env: NodeJS.ProcessEnv): Secret | undefined {
  const { [`${name}_file`]: file, [`${name}_env`]: variable } = settings as Places;
  if (typeof file === 'string') return new Secret({ file }, env);
  return typeof variable === 'string' ? new Secret({ env: variable }, env) : undefined;
}

/** The same, where there must be one. Throws a UserError. */
export function requireSecret(settings: object, name: string, env: NodeJS.ProcessEnv): Secret {
  const secret = secretOf(settings, name, env);
  if (secret) return secret;
  throw new UserError(`${name}_file or ${name}_env is needed: the file, or the variable, that has it`);
}

export const urlEntries = {
  url: v.pipe(
    text('a URL'),
    v.check((given) => /^https?:$/.test(protocolOf(given)), 'a URL that begins with https:// or http://'),
    v.check(
      (given) => !/^https?:\/\/[^/?#]*@/i.test(given),
      'allowed: a URL here has no user or password in it',
    ),
  ),
  /** What is told may cross the network for everybody to read. */
  allow_http: v.optional(v.boolean(), false),
};

const protocolOf = (url: string): string => (URL.canParse(url) ? new URL(url).protocol : '');

export const HTTPS_HELP =
  'allowed without encryption: use https, or set allow_http where the network is your own';

/** Whether what is told to that URL is nobody else's to read, or may be. */
export const isPrivateEnough = (url: string, allowed: boolean): boolean =>
  allowed || protocolOf(url) !== 'http:' || isLoopback(new URL(url).hostname.replaceAll(/^\[|\]$/g, ''));

/** The URL that settings or a secret of theirs give. Throws a UserError, that does not repeat it, where what it tells could be read on its way. */
export function readUrl(secret: Secret, allowHttp: boolean): string {
  const url = secret.read();
  if (!/^https?:$/.test(protocolOf(url))) throw new UserError(`${secret}: there is no URL in it`);
  if (!isPrivateEnough(url, allowHttp)) throw new UserError(`${secret}: the URL in it is not ${HTTPS_HELP}`);
  return url;
}
