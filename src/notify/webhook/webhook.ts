import { createHash, createHmac } from 'node:crypto';
import { outcomeOf } from '../answer.ts';
import { postJson, readAuthorities } from '../http-channel.ts';
import type { ChannelContext, Notifier, Outcome, Told } from '../notifier.ts';
import { readUrl, secretOf } from '../place-settings.ts';
import { wordsOf } from '../words.ts';
import type { WebhookSettings } from './settings.ts';

/**
 * Posts `{version, sentAt, notices: [{what, at, incident, title, advice, link}]}`. `Homeostat-Signature: t=SECONDS,v1=HEX` is the
 * HMAC-SHA256 of `SECONDS.BODY` with the secret; `Idempotency-Key` is the same each time that the same thing is told.
 */
export class WebhookNotifier implements Notifier {
  readonly name: string;
  readonly #settings: WebhookSettings;
  readonly #context: ChannelContext;

  constructor(name: string, settings: WebhookSettings, context: ChannelContext) {
    this.name = name;
    this.#settings = settings;
    this.#context = context;
  }

  async notify(notices: readonly Told[], signal: AbortSignal): Promise<Outcome> {
    const { now, env, version } = this.#context;
    const key = secretOf(this.#settings, 'secret', env)?.read();
    const { url, secrets } = this.#url();
    const body = JSON.stringify({ version: 1, sentAt: now(), notices: notices.map(asJson) });
    const headers = {
      'user-agent': `homeostat/${version}`,
      'idempotency-key': idempotencyKey(notices),
      ...(key !== undefined && { 'homeostat-signature': signature(key, body, now()) }),
    };
    const ca = readAuthorities(this.#settings.ca_file);
    const letter = { url, headers, body, ca, signal, secrets: [...secrets, ...(key ? [key] : [])] };
    return await postJson(letter, (answer) => outcomeOf(answer, now()));
  }

  #url(): { url: string; secrets: readonly string[] } {
    const { url, allow_http: allowHttp } = this.#settings;
    if (url !== undefined) return { url, secrets: [] };
    const secret = readUrl(secretOf(this.#settings, 'url', this.#context.env)!, allowHttp);
    return { url: secret, secrets: [secret] };
  }
}

function asJson(told: Told): object {
  const { notice, advice, link, test } = told;
  const { title } = wordsOf(told);
  return { ...notice, title, advice, ...(link !== undefined && { link }), ...(test && { test }) };
}

export function signature(secret: string, body: string, now: number): string {
  const seconds = Math.floor(now / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

function idempotencyKey(notices: readonly Told[]): string {
  const hash = createHash('sha256');
  for (const { notice } of notices) hash.update(`${notice.incident.id} ${notice.what} ${notice.at}\n`);
  return hash.digest('hex').slice(0, 32);
}
