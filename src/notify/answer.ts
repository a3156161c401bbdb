import { errorMessage } from '../lib/errors.ts';
import type { PostAnswer } from '../lib/http-post.ts';
import { printable, truncate } from '../lib/text.ts';
import type { Outcome } from './notifier.ts';

/** Statuses that say: again later. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/** What an HTTP answer means for a message: all of 2xx is success, 5xx and a few others pass by themselves, the rest is refused for good. */
export function outcomeOf(answer: PostAnswer, now: number): Outcome {
  const { status, text } = answer;
  if (status >= 200 && status < 300) return { kind: 'sent' };
  const said = truncate(printable(text.trim()), 200);
  const why = said === '' ? `HTTP ${status}` : `HTTP ${status}: ${said}`;
  if (status >= 500 || LATER.has(status)) {
    const afterMs = retryAfter(answer.headers['retry-after'], now);
    return { kind: 'retry', why, ...(afterMs !== undefined && { afterMs }) };
  }
  if (status >= 300 && status < 400)
    return { kind: 'failed', why: `HTTP ${status}: it answers from elsewhere; name that address` };
  return { kind: 'failed', why };
}

/** `Retry-After` (RFC 9110, 10.2.3) is a number of seconds or a date: ms from `now`, undefined where it is neither. */
function retryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Date.parse takes much that is no date of HTTP, such as `-5`.
  const at = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** What OpenSSL and Node say of certificates, and what a person can do about it. */
const CERTIFICATES: readonly (readonly [RegExp, string])[] = [
  [
    /self[- ]signed|unable to (?:verify|get)|UNABLE_TO|SELF_SIGNED|unknown ca/i,
    'its certificate is not from an authority that is known here: name the authority with ca_file',
  ],
  [/altnames|ALTNAME/i, 'its certificate is for another name: use a name that is in it'],
  [/certificate has expired|CERT_HAS_EXPIRED/i, 'its certificate has expired: renew it there'],
  [/not yet valid/i, 'its certificate is not valid yet: look at both clocks'],
  [/wrong version number|WRONG_VERSION/i, 'it speaks no TLS there: look at the port'],
];

const SYSTEM: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up now',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ETIMEDOUT: 'it does not answer',
};

/** Why there was no answer, in one line. */
export function connectionProblem(error: unknown): string {
  const message = errorMessage(error);
  const codes = codesOf(error);
  const known = CERTIFICATES.find(([said]) => said.test(`${message} ${codes.join(' ')}`));
  if (known) return known[1];
  const system = codes.map((code) => SYSTEM[code]).find((text) => text !== undefined);
  return system ?? printable(message);
}

/** Of an error and, where several addresses were tried, of each of them. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { code, originalCode, errors } = error as Error & Record<'code' | 'originalCode' | 'errors', unknown>;
  const own = [originalCode, code].filter((one) => typeof one === 'string');
  return [...own, ...(Array.isArray(errors) ? errors.flatMap(codesOf) : [])];
}
