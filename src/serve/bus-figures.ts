import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorMessage } from '../lib/errors.ts';
import type { BusStatus } from '../model/bus.ts';
import { refuseStrangers, SECURITY_HEADERS } from './guard.ts';
import { HttpError } from './http-error.ts';
import { bindError } from './server.ts';

const { createServer } = process.getBuiltinModule('node:http');

const HOST = '127.0.0.1';
const MAX_CONNECTIONS = 16;

export interface BusFiguresOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly status: () => BusStatus;
  /** In Prometheus' text format. */
  readonly metrics: () => string;
}

/** Serves the bus's figures on loopback: `/api/v1/bus` as JSON and `/metrics` for Prometheus. Read-only. */
export class BusFigures {
  readonly #options: BusFiguresOptions;
  readonly #server: Server;

  constructor(options: BusFiguresOptions) {
    this.#options = options;
    this.#server = createServer(
      { maxHeaderSize: 16 * 1024, headersTimeout: 5000, requestTimeout: 10_000 },
      (request, response) => {
        request.resume();
        for (const name of Object.keys(SECURITY_HEADERS)) response.setHeader(name, SECURITY_HEADERS[name]!);
        try {
          refuseStrangers(request.headers, HOST);
          const [type, text] = this.#answer(request.method, request.url ?? '/');
          response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
        } catch (error) {
          const status = error instanceof HttpError ? error.status : 500;
          response
            .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
            .end(JSON.stringify({ error: errorMessage(error) }));
        }
      },
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** The address as a URL. Throws UserError where the port is taken or not allowed. */
  listen(): Promise<string> {
    const { port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => reject(bindError(error, HOST, port)));
      this.#server.listen({ host: HOST, port }, () =>
        resolve(`http://${HOST}:${(this.#server.address() as AddressInfo).port}`),
      );
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #answer(method: string | undefined, url: string): readonly [string, string] {
    if (method !== 'GET') throw new HttpError(405, 'only GET is answered');
    if (url === '/metrics') return ['text/plain; version=0.0.4; charset=utf-8', this.#options.metrics()];
    if (url === '/api/v1/bus')
      return ['application/json; charset=utf-8', JSON.stringify(this.#options.status())];
    throw new HttpError(404, 'there is nothing here: see /metrics and /api/v1/bus');
  }
}
