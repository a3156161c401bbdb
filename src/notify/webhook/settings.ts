import * as v from 'valibot';
import {
  COMMON,
  caEntry,
  HTTPS_HELP,
  isPrivateEnough,
  placesOf,
  secretEntries,
  urlEntries,
} from '../place-settings.ts';

/** A URL that notices are posted to as JSON, signed where there is a secret. */
export const webhookSchema = v.pipe(
  v.strictObject({
    type: v.literal('webhook'),
    url: v.optional(urlEntries.url),
    /** For a URL that is a secret itself. */
    ...secretEntries('url'),
    allow_http: urlEntries.allow_http,
    ...secretEntries('secret'),
    ...caEntry,
    ...COMMON,
  }),
  v.check(
    (given) => placesOf(given, 'url') + Number(given.url !== undefined) === 1,
    'complete: one of url, url_file and url_env is needed',
  ),
  v.check((given) => placesOf(given, 'secret') < 2, 'clear: give secret_file or secret_env, not both'),
  v.check((given) => given.url === undefined || isPrivateEnough(given.url, given.allow_http), HTTPS_HELP),
);

export type WebhookSettings = v.InferOutput<typeof webhookSchema>;
