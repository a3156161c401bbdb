import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Answer = (response: ServerResponse, received: Received) => void;

/** An HTTP server on loopback that keeps what is posted to it and answers as it is told. */
export class Sink {
  readonly received: Received[];
  readonly address: string;
  readonly #next: Answer[];

  private constructor(address: string, received: Received[], next: Answer[]) {
    this.address = address;
    this.received = received;
    this.#next = next;
  }

  /** `tls`: key and certificate, PEM. */
  static async start(
    t: { after(undo: () => void): void },
    tls?: { readonly key: string; readonly cert: string },
  ): Promise<Sink> {
    const received: Received[] = [];
    const next: Answer[] = [];
    const server = tls ? createSecureServer(tls) : createServer();
    server.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const one = {
          path: request.url ?? '',
          headers: request.headers,
          body: Buffer.concat(parts).toString(),
        };
        received.push(one);
        (next.shift() ?? ((to) => to.end('ok')))(response, one);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return new Sink(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`, received, next);
  }

  /** The next request is answered so; all after it with 200. */
  answerOnce(answer: Answer): void {
    this.#next.push(answer);
  }

  /** The next request is answered with that status. */
  status(code: number, headers: Readonly<Record<string, string>> = {}, body = ''): void {
    this.answerOnce((response) => response.writeHead(code, headers).end(body));
  }
}
