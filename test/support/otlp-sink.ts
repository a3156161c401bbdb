import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type Fields, messages, readFields, string } from './protobuf.ts';

type Value = string | number | boolean | readonly Value[] | undefined;

export interface SunkPoint {
  readonly attributes: Readonly<Record<string, Value>>;
  readonly value: number;
  /** ms since the epoch. */
  readonly from: number;
  readonly at: number;
}

export interface SunkMetric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  /** A sum is cumulative and only grows. */
  readonly kind: 'gauge' | 'counter' | 'other';
  readonly points: readonly SunkPoint[];
}

export interface SunkRecord {
  readonly at: number;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly body: Value;
  readonly attributes: Readonly<Record<string, Value>>;
}

/** One request that an endpoint took. */
export interface Sunk {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly resource: Readonly<Record<string, Value>>;
  readonly metrics: readonly SunkMetric[];
  readonly records: readonly SunkRecord[];
}

/** What an endpoint answers; nothing, where it is left out of the list of them. */
export interface SinkAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** An OTLP endpoint on loopback that reads protobuf by the field numbers of opentelemetry-proto 1.x, with nothing of who wrote it. */
export class OtlpSink {
  readonly taken: Sunk[] = [];
  /** Requests that came, taken or not. */
  requests = 0;
  /** What the next request is answered; undefined: nothing, ever. */
  answer: (request: Sunk) => SinkAnswer | undefined = () => ({ status: 200 });
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(server: Server, scheme: string) {
    this.#server = server;
    this.#scheme = scheme;
  }

  /** Listens on `port`, or on any free one; with TLS where it is given credentials. It ends with the test. */
  static async start(
    t: { after(undo: () => void): void },
    { port = 0, tls }: { readonly port?: number; readonly tls?: ServerOptions } = {},
  ): Promise<OtlpSink> {
    const take = (
      request: IncomingMessage,
      response: Parameters<NonNullable<Parameters<typeof createServer>[1]>>[1],
    ) => {
      void sink.#take(request).then((answer) => {
        if (answer) response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    };
    const server = tls ? createSecureServer(tls, take) : createServer(take);
    const sink = new OtlpSink(server as Server, tls ? 'https' : 'http');
    server.on('error', () => {});
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    t.after(() => sink.close());
    return sink;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get endpoint(): string {
    return `${this.#scheme}://localhost:${this.port}`;
  }

  get metrics(): readonly SunkMetric[] {
    return this.taken.flatMap(({ metrics }) => metrics);
  }

  get records(): readonly SunkRecord[] {
    return this.taken.flatMap(({ records }) => records);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #take(request: IncomingMessage): Promise<SinkAnswer | undefined> {
    this.requests++;
    const sent = await buffer(request);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    const sunk = decode(request.url ?? '', request.headers, body);
    const answer = this.answer(sunk);
    if (answer && answer.status < 300) this.taken.push(sunk);
    return answer;
  }
}

function decode(path: string, headers: IncomingHttpHeaders, body: Uint8Array): Sunk {
  const all = messages(readFields(body), 1);
  const [first] = all;
  const scopes = all.flatMap((one) => messages(one, 2));
  const isLogs = path.endsWith('/v1/logs');
  return {
    ...{ path, headers },
    resource: first ? attributes(messages(first, 1)[0]!, 1) : {},
    metrics: isLogs ? [] : scopes.flatMap((scope) => messages(scope, 2).map(metric)),
    records: isLogs ? scopes.flatMap((scope) => messages(scope, 2).map(record)) : [],
  };
}

function metric(fields: Fields): SunkMetric {
  const [gauge] = messages(fields, 5);
  const [sum] = messages(fields, 7);
  const isCounter = sum?.get(2)?.[0] === 2 && sum.get(3)?.[0] === 1;
  return {
    ...{ name: string(fields, 1), description: string(fields, 2), unit: string(fields, 3) },
    kind: gauge ? 'gauge' : isCounter ? 'counter' : 'other',
    points: messages(gauge ?? sum ?? new Map(), 1).map((point) => ({
      attributes: attributes(point, 7),
      value: view(point, 4)?.getFloat64(0, true) ?? Number(view(point, 6)?.getBigInt64(0, true)),
      from: timeOf(point, 2),
      at: timeOf(point, 3),
    })),
  };
}

const record = (fields: Fields): SunkRecord => ({
  ...{ at: timeOf(fields, 1), severityNumber: Number(fields.get(2)?.[0]), severityText: string(fields, 3) },
  ...{
    eventName: string(fields, 12),
    body: value(messages(fields, 5)[0]),
    attributes: attributes(fields, 6),
  },
});

const attributes = (fields: Fields, field: number): Record<string, Value> =>
  Object.fromEntries(messages(fields, field).map((pair) => [string(pair, 1), value(messages(pair, 2)[0])]));

function value(fields: Fields | undefined): Value {
  if (!fields) return undefined;
  if (fields.has(1)) return string(fields, 1);
  if (fields.has(2)) return fields.get(2)![0] === 1;
  if (fields.has(3)) return Number(fields.get(3)![0]);
  if (fields.has(4)) return view(fields, 4)!.getFloat64(0, true);
  return messages(messages(fields, 5)[0]!, 1).map(value);
}

/** Nanoseconds since the epoch, as ms. */
const timeOf = (fields: Fields, field: number): number =>
  Number((view(fields, field)?.getBigUint64(0, true) ?? 0n) / 1_000_000n);

function view(fields: Fields, field: number): DataView | undefined {
  const bytes = fields.get(field)?.[0];
  return bytes instanceof Uint8Array ? new DataView(bytes.buffer, bytes.byteOffset, bytes.length) : undefined;
}
