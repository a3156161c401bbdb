import type MailComposer from 'nodemailer/lib/mail-composer';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** starttls: nothing is said, and no password, before the connection is encrypted. */
  readonly security: 'starttls' | 'tls' | 'none';
  readonly auth?: { readonly user: string; readonly password: string };
  /** Authorities, PEM, that are trusted in place of the usual ones. */
  readonly ca?: string;
  readonly timeoutMs: number;
}

type Mail = ConstructorParameters<typeof MailComposer>[0];

/**
 * Sends one message over a connection of its own, which ends with it or when `signal` says so. Rejects with the library's error where no
 * recipient was taken.
 */
export async function sendMail(
  server: SmtpServer,
  mail: Mail,
  signal: AbortSignal,
): Promise<{ readonly refused: readonly string[] }> {
  // Half of the library, and only when there is something to send: it takes megabytes.
  const { default: Connection } = await import('nodemailer/lib/smtp-connection');
  const { default: Composer } = await import('nodemailer/lib/mail-composer');
  const message = new Composer(mail).compile();
  const bytes = await message.build();
  const envelope = message.getEnvelope();
  signal.throwIfAborted();
  const connection = new Connection(connectionOptions(server));
  const broken = breaking(connection, signal);
  try {
    return await Promise.race([broken.promise, talk(connection, server, { envelope, bytes })]);
  } finally {
    broken.stop();
    connection.close();
  }
}

function connectionOptions({ host, port, security, ca, timeoutMs }: SmtpServer) {
  return {
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    tls: { minVersion: 'TLSv1.2' as const, ...(ca !== undefined && { ca }) },
  };
}

/** Rejects when the connection breaks or is to be broken off. */
function breaking(connection: SMTPConnection, signal: AbortSignal) {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  promise.catch(() => {});
  connection.on('error', reject);
  connection.once('end', () => reject(new Error('it closed the connection')));
  signal.addEventListener('abort', abort, { once: true });
  return { promise, stop: () => signal.removeEventListener('abort', abort) };
}

async function talk(
  connection: SMTPConnection,
  { auth }: SmtpServer,
  { envelope, bytes }: { envelope: { from: string | false; to: string[] }; bytes: Buffer },
): Promise<{ refused: readonly string[] }> {
  await step((done) => connection.connect(done));
  if (auth) await step((done) => connection.login({ user: auth.user, pass: auth.password }, done));
  const { promise, resolve, reject } = Promise.withResolvers<{ refused: readonly string[] }>();
  connection.send(envelope, bytes, (error, info) => {
    if (error) reject(error);
    else resolve({ refused: info?.rejected ?? [] });
  });
  const sent = await promise;
  connection.quit();
  return sent;
}

const step = (run: (done: (error?: Error | null) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
