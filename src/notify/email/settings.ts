import * as v from 'valibot';
import { COMMON, caEntry, placesOf, secretEntries, text } from '../place-settings.ts';

const ADDRESS = 'an address, such as ops@example.com or Operations <ops@example.com>';
const address = v.pipe(
  text(ADDRESS),
  v.regex(/^(?:[^<>,;:"@]*<[^\s<>@,;:"]+@[^\s<>@,;:"]+>|[^\s<>@,;:"]+@[^\s<>@,;:"]+)$/, ADDRESS),
);

const RECIPIENTS = 'a list of addresses, such as [ops@example.com]';

/** A mail server, and who is written to. */
export const emailSchema = v.pipe(
  v.strictObject({
    type: v.literal('email'),
    host: text('the name of a mail server'),
    /** Left out: 587, with `security: tls` 465. */
    port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))),
    /** none: for a server on this machine alone. */
    security: v.optional(v.picklist(['starttls', 'tls', 'none'], 'one of starttls, tls, none'), 'starttls'),
    user: v.optional(text('the name of a user')),
    ...secretEntries('password'),
    ...caEntry,
    from: address,
    to: v.pipe(v.array(address, RECIPIENTS), v.minLength(1, RECIPIENTS), v.maxLength(50, RECIPIENTS)),
    ...COMMON,
  }),
  v.check(
    (given) => placesOf(given, 'password') === (given.user === undefined ? 0 : 1),
    'complete: user, and password_file or password_env (one of them), go together',
  ),
);

export type EmailSettings = v.InferOutput<typeof emailSchema>;
