import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came. */
  readonly text: string;
  readonly user: string | undefined;
  readonly encrypted: boolean;
}

/** A real mail server on loopback that keeps what it is sent. */
export class MailServer {
  readonly mails: Mail[] = [];
  readonly port: number;
  readonly #server: SMTPServer;

  private constructor(server: SMTPServer, mails: Mail[], port: number) {
    this.#server = server;
    this.mails = mails;
    this.port = port;
  }

  static async start(
    t: { after(undo: () => Promise<void>): void },
    options: SMTPServerOptions = {},
  ): Promise<MailServer> {
    const mails: Mail[] = [];
    const server = new SMTPServer({
      closeTimeout: 100,
      onAuth: ({ username, password }, _session, done) =>
        password === 'right' ? done(null, { user: username }) : done(new Error('no such user or password')),
      onData: (stream, session, done) => {
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          mails.push({
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map(({ address }) => address),
            text: Buffer.concat(parts).toString('utf8'),
            user: typeof session.user === 'string' ? session.user : undefined,
            encrypted: session.secure,
          });
          done();
        });
      },
      ...options,
    });
    // A client that refuses the certificate is an error here too.
    server.on('error', () => {});
    const listening = server.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    t.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
    return new MailServer(server, mails, (listening.address() as AddressInfo).port);
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
