import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { join } from 'node:path';
import type tls from 'node:tls';

/** What a client with this certificate shows, as `node:tls` takes it. */
export function tlsOptions(folder: string, name: string): tls.ConnectionOptions {
  const read = (file: string): Buffer => readFileSync(join(folder, file));
  return {
    ...{ ca: read('ca.pem'), key: read(`${name}.key`), cert: read(`${name}.pem`) },
    ...{ servername: 'localhost', ALPNProtocols: ['h2'], host: '127.0.0.1' },
  };
}

/** An HTTP/2 connection that does only what it is told: no gRPC library keeps it from doing wrong. */
export function rawSession(
  port: number,
  folder: string,
  name: string,
  settings: http2.Settings = {},
): http2.ClientHttp2Session {
  const session = http2.connect(`https://localhost:${port}`, { ...tlsOptions(folder, name), settings });
  session.on('error', () => {});
  return session;
}

/** A call of that method; nothing is sent yet but its headers. */
export function rawCall(
  session: http2.ClientHttp2Session,
  path: string,
  headers: http2.OutgoingHttpHeaders = {},
): http2.ClientHttp2Stream {
  const call = session.request({
    ...{ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
    ...headers,
  });
  call.on('error', () => {});
  return call;
}

/** A message as gRPC frames it. */
export function framed(message: Uint8Array, { compressed = false, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed ? 1 : 0, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** gRPC's status of a call, by its number; undefined where it ended without one. */
export function statusOf(call: http2.ClientHttp2Stream): Promise<number | undefined> {
  return new Promise((resolve) => {
    const take = (headers: http2.IncomingHttpHeaders): void => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
    };
    call.on('response', take);
    call.on('trailers', take);
    call.once('close', () => resolve(undefined));
    call.resume();
  });
}
