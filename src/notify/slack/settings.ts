import * as v from 'valibot';
import {
  COMMON,
  HTTPS_HELP,
  isPrivateEnough,
  placesOf,
  secretEntries,
  text,
  urlEntries,
} from '../place-settings.ts';

/** An incoming webhook, or a bot with its token and the channel that it writes into. */
export const slackSchema = v.pipe(
  v.strictObject({
    type: v.literal('slack'),
    ...secretEntries('webhook_url'),
    ...secretEntries('token'),
    /** With a token: the channel's id (C0123456789) or #name. */
    channel: v.optional(text('the id or #name of a Slack channel')),
    /** Of the Web API, where it is not the usual one. */
    api_url: v.optional(urlEntries.url, 'https://slack.com/api'),
    ...COMMON,
  }),
  v.check((given) => {
    const [hooks, tokens] = [placesOf(given, 'webhook_url'), placesOf(given, 'token')];
    return hooks + tokens === 1 && (tokens === 1) === (given.channel !== undefined);
  }, 'complete: either webhook_url_file or webhook_url_env, or channel with token_file or token_env'),
  v.check(({ api_url: url }) => isPrivateEnough(url, false), `${HTTPS_HELP}`),
);

export type SlackSettings = v.InferOutput<typeof slackSchema>;
