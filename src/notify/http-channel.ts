import { readFileSync } from 'node:fs';
import { errorCode, UserError } from '../lib/errors.ts';
import { type PostAnswer, post } from '../lib/http-post.ts';
import { withoutSecrets } from '../lib/secret.ts';
import { connectionProblem } from './answer.ts';
import type { Outcome } from './notifier.ts';

export interface Letter {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly ca?: string | undefined;
  /** Not to be repeated in what is said about it. */
  readonly secrets: readonly string[];
  readonly signal: AbortSignal;
}

/** Posts JSON and lets `judge` look at the answer. No connection counts as `retry`. */
export async function postJson(letter: Letter, judge: (answer: PostAnswer) => Outcome): Promise<Outcome> {
  const { url, ca, signal, secrets } = letter;
  try {
    const headers = { 'content-type': 'application/json; charset=utf-8', ...letter.headers };
    const body = typeof letter.body === 'string' ? letter.body : JSON.stringify(letter.body);
    const outcome = judge(await post({ url, headers, body, signal, ...(ca !== undefined && { ca }) }));
    return outcome.kind === 'sent' ? outcome : { ...outcome, why: withoutSecrets(outcome.why, secrets) };
  } catch (error) {
    signal.throwIfAborted();
    return {
      kind: 'retry',
      why: `${new URL(url).host}: ${withoutSecrets(connectionProblem(error), secrets)}`,
    };
  }
}

/** The authorities in a file; undefined where none is named. Throws a UserError. */
export function readAuthorities(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    const text = readFileSync(file, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  } catch (error) {
    throw new UserError(
      `${file}: the authority's certificate cannot be read (${errorCode(error)}); check the path`,
    );
  }
  throw new UserError(`${file}: there is no certificate in it; it must be a PEM file`);
}
