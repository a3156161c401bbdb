import { withoutSecrets } from '../../lib/secret.ts';
import { printable } from '../../lib/text.ts';
import { connectionProblem } from '../answer.ts';
import { readAuthorities } from '../http-channel.ts';
import type { ChannelContext, Notifier, Outcome, Told } from '../notifier.ts';
import { secretOf } from '../place-settings.ts';
import { wordsOf } from '../words.ts';
import { composed, digestLetter, letterOf, subjectOf } from './letter.ts';
import type { EmailSettings } from './settings.ts';
import { type SmtpServer, sendMail } from './smtp.ts';

/** Writes e-mails: an incident is a thread. */
export class EmailNotifier implements Notifier {
  readonly name: string;
  readonly #settings: EmailSettings;
  readonly #context: ChannelContext;

  constructor(name: string, settings: EmailSettings, context: ChannelContext) {
    this.name = name;
    this.#settings = settings;
    this.#context = context;
  }

  async notify(notices: readonly Told[], signal: AbortSignal): Promise<Outcome> {
    const { from, to } = this.#settings;
    const domain = /@([^\s<>@]+?)>?$/.exec(from)?.[1] ?? 'localhost';
    const told = notices.length === 1 ? notices[0] : undefined;
    const letter = told ? letterOf(told, domain, this.#context.series) : digestLetter(notices, domain);
    const server = this.#server();
    const secrets = server.auth ? [server.auth.password] : [];
    try {
      const { refused } = await sendMail(server, composed(letter, from, to), signal);
      const opened = told && told.thread === undefined && !told.test;
      return {
        kind: 'sent',
        ...(refused.length > 0 && { note: `the server refused ${printable(refused.join(', '))}` }),
        ...(opened && { threads: new Map([[told.notice.incident.id, subjectOf(wordsOf(told).title)]]) }),
      };
    } catch (error) {
      signal.throwIfAborted();
      return judge(error, `${server.host}:${server.port}`, secrets);
    }
  }

  /** With secrets and authorities as they are now. Throws a UserError. */
  #server(): SmtpServer {
    const { host, security, user, timeout, ca_file: file } = this.#settings;
    const password = secretOf(this.#settings, 'password', this.#context.env)?.read();
    const ca = readAuthorities(file);
    return {
      host,
      port: this.#settings.port ?? (security === 'tls' ? 465 : 587),
      security,
      timeoutMs: timeout,
      ...(user !== undefined && password !== undefined && { auth: { user, password } }),
      ...(ca !== undefined && { ca }),
    };
  }
}

interface SmtpError extends Error {
  readonly code?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/** A server's 5xx and a refused login are for good (RFC 5321, 4.2.1); all else passes, or somebody mends it. */
function judge(error: unknown, where: string, secrets: readonly string[]): Outcome {
  const { code, response, responseCode = 0 } = error as SmtpError;
  const said = printable(response ?? '');
  const why = (text: string): string => `${where}: ${withoutSecrets(text, secrets)}`;
  if (code === 'EAUTH') {
    const kind = responseCode >= 400 && responseCode < 500 ? 'retry' : 'failed';
    return { kind, why: why(`the login was refused: ${said || connectionProblem(error)}`) };
  }
  if (responseCode >= 500) return { kind: 'failed', why: why(said) };
  if (responseCode >= 400) return { kind: 'retry', why: why(said) };
  if (
    code === 'ETLS' &&
    /upgrading connection with STARTTLS|STARTTLS/i.test((error as Error).message) &&
    said !== ''
  )
    return { kind: 'failed', why: why(`it does not encrypt: ${said}`) };
  return { kind: 'retry', why: why(connectionProblem(error)) };
}
