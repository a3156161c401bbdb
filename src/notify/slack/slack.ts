import type { PostAnswer } from '../../lib/http-post.ts';
import { printable, truncate } from '../../lib/text.ts';
import { outcomeOf } from '../answer.ts';
import { postJson } from '../http-channel.ts';
import type { ChannelContext, Notifier, Outcome, Told } from '../notifier.ts';
import { readUrl, requireSecret } from '../place-settings.ts';
import { digestOf, messageOf, type SlackMessage } from './blocks.ts';
import type { SlackSettings } from './settings.ts';

/** Slack's own words for what passes by itself. */
const LATER =
  /^(?:ratelimited|rate_limited|internal_error|fatal_error|service_unavailable|request_timeout|team_added_to_org)$/;

interface Posted {
  readonly channel: string;
  readonly ts: string;
}

/** An incoming webhook. Slack answers it without saying which message it made, so what follows cannot join it: each message stands alone. */
export class SlackWebhookNotifier implements Notifier {
  readonly name: string;
  readonly #settings: SlackSettings;
  readonly #context: ChannelContext;

  constructor(name: string, settings: SlackSettings, context: ChannelContext) {
    this.name = name;
    this.#settings = settings;
    this.#context = context;
  }

  async notify(notices: readonly Told[], signal: AbortSignal): Promise<Outcome> {
    const { env, now } = this.#context;
    const url = readUrl(requireSecret(this.#settings, 'webhook_url', env), false);
    const letter = {
      url,
      headers: {},
      body: contentOf(notices),
      signal,
      secrets: [url, new URL(url).pathname],
    };
    return await postJson(letter, (answer) => outcomeOf(answer, now()));
  }
}

/**
 * A bot: an incident is a thread. The first message opens it and is rewritten to how things are now; each change is a reply, and one that
 * makes it graver is shown in the channel as well.
 */
export class SlackBotNotifier implements Notifier {
  readonly name: string;
  readonly #settings: SlackSettings;
  readonly #context: ChannelContext;

  constructor(name: string, settings: SlackSettings, context: ChannelContext) {
    this.name = name;
    this.#settings = settings;
    this.#context = context;
  }

  async notify(notices: readonly Told[], signal: AbortSignal): Promise<Outcome> {
    const told = notices.length === 1 ? notices[0] : undefined;
    const root = parsePosted(told?.thread);
    const content = contentOf(notices);
    const reply = root && {
      thread_ts: root.ts,
      reply_broadcast: told?.notice.what === 'risen',
    };
    const channel = root?.channel ?? this.#settings.channel;
    const { outcome, posted } = await this.#call(
      'chat.postMessage',
      { channel, ...content, ...reply },
      signal,
    );
    if (outcome.kind !== 'sent' || !told) return outcome;
    if (!root) {
      const threads = posted && new Map([[told.notice.incident.id, JSON.stringify(posted)]]);
      return { ...outcome, ...(threads && { threads }) };
    }
    const update = await this.#call('chat.update', { channel, ts: root.ts, ...content }, signal);
    if (update.outcome.kind === 'sent') return outcome;
    return { ...outcome, note: `the thread's first message was not updated: ${update.outcome.why}` };
  }

  async #call(
    method: string,
    body: object,
    signal: AbortSignal,
  ): Promise<{ outcome: Outcome; posted?: Posted }> {
    const token = requireSecret(this.#settings, 'token', this.#context.env).read();
    let posted: Posted | undefined;
    const letter = {
      url: `${this.#settings.api_url.replace(/\/+$/, '')}/${method}`,
      headers: { authorization: `Bearer ${token}` },
      body: { ...body, unfurl_links: false, unfurl_media: false },
      signal,
      secrets: [token],
    };
    const outcome = await postJson(letter, (answer) => {
      const judged = judge(answer, this.#context.now());
      posted = judged.posted;
      return judged.outcome;
    });
    return { outcome, ...(posted && { posted }) };
  }
}

const contentOf = (notices: readonly Told[]): SlackMessage =>
  notices.length === 1 ? messageOf(notices[0]!) : digestOf(notices);

/** The Web API answers 200 to nearly everything: whether it did what was asked stands in the body. */
function judge(answer: PostAnswer, now: number): { outcome: Outcome; posted?: Posted } {
  const outcome = outcomeOf(answer, now);
  if (outcome.kind !== 'sent') return { outcome };
  const said = parseObject(answer.text);
  if (said?.ok === true) {
    const posted = parsePosted(answer.text);
    return { outcome, ...(posted && { posted }) };
  }
  const error = truncate(printable(String(said?.error ?? 'an answer that is not its own')), 100);
  return { outcome: { kind: LATER.test(error) || !said ? 'retry' : 'failed', why: error } };
}

function parsePosted(text: string | undefined): Posted | undefined {
  const { channel, ts } = parseObject(text ?? '') ?? {};
  return typeof channel === 'string' && typeof ts === 'string' ? { channel, ts } : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
