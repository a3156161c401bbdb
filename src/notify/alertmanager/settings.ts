import * as v from 'valibot';
import { quantity } from '../../lib/quantity.ts';
import { parseDuration } from '../../lib/units.ts';
import {
  COMMON,
  caEntry,
  HTTPS_HELP,
  isPrivateEnough,
  placesOf,
  secretEntries,
  text,
  urlEntries,
} from '../place-settings.ts';

const RESEND = 'a span of time from 10s to 1h, such as 1m';

/** A Prometheus Alertmanager, or what takes its alerts. */
export const alertmanagerSchema = v.pipe(
  v.strictObject({
    type: v.literal('alertmanager'),
    ...urlEntries,
    user: v.optional(text('the name of a user')),
    ...secretEntries('password'),
    ...secretEntries('token'),
    ...caEntry,
    /** How often what is open is told again: it forgets what it does not hear of. */
    resend: v.optional(
      quantity(RESEND, (given) => {
        const ms = parseDuration(given);
        return ms !== undefined && ms >= 10_000 && ms <= 3_600_000 ? ms : undefined;
      }),
      '1m',
    ),
    timeout: COMMON.timeout,
  }),
  v.check((given) => {
    const [passwords, tokens] = [placesOf(given, 'password'), placesOf(given, 'token')];
    return passwords === (given.user === undefined ? 0 : 1) && passwords + tokens < 2;
  }, 'clear: user with password_file or password_env, or token_file or token_env, or none of them'),
  v.check((given) => isPrivateEnough(given.url, given.allow_http), HTTPS_HELP),
);

export type AlertmanagerSettings = v.InferOutput<typeof alertmanagerSchema>;
