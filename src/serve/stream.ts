import type { ServerResponse } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import { HttpError } from './http-error.ts';
import type { LiveEvent, Source } from './source.ts';

/** A reader that lets more than this pile up is cut off; it may come back and resume. About 40 samples. */
const MAX_BUFFERED_BYTES = 256 * 1024;
const MAX_READERS = 16;
const HEARTBEAT_MS = 10_000;
/** A longer absence is not replayed, for it might fill the buffer: the reader is told the gap and asks `history` for it. */
const MAX_REPLAY_MS = 30_000;

/**
 * Server-sent events to any number of readers. Each event is encoded once for all of them; without readers nothing is
 * encoded or even subscribed to. The id of an event is its time, so a reader that comes back with `Last-Event-ID`
 * gets what it missed: samples of up to 30 s out of the history, else `gap`; then the anomalies and incidents that changed.
 */
export class LiveStream {
  readonly #source: Source;
  readonly #clock: Clock;
  readonly #readers = new Set<ServerResponse>();
  readonly #heartbeatMs: number;
  #unsubscribe: (() => void) | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(source: Source, clock: Clock, heartbeatMs = HEARTBEAT_MS) {
    this.#source = source;
    this.#clock = clock;
    this.#heartbeatMs = heartbeatMs;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Answers with the stream until the reader goes, falls behind, or `close` is called. Throws HttpError 503 when full. */
  add(response: ServerResponse, lastEventId: string | undefined): void {
    if (this.#readers.size >= MAX_READERS) {
      throw new HttpError(
        503,
        `${MAX_READERS} live streams are open already: close a dashboard and try again`,
      );
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.socket?.setNoDelay(true);
    response.on('close', () => this.#remove(response));
    this.#readers.add(response);
    this.#start();
    response.write('retry: 2000\n\n');
    if (lastEventId !== undefined && /^\d{1,15}$/.test(lastEventId))
      this.#resume(response, Number(lastEventId));
    response.write(encode('status', this.#clock.now(), this.#source.status()));
  }

  close(): void {
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
    this.#stop();
  }

  #start(): void {
    if (this.#unsubscribe) return;
    this.#unsubscribe = this.#source.subscribe((event) => this.#broadcast(this.#encoded(event)));
    this.#heartbeat = setInterval(() => {
      this.#broadcast(`event: heartbeat\ndata: {"at":${this.#clock.now()}}\n\n`);
    }, this.#heartbeatMs);
    this.#heartbeat.unref();
  }

  #stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearInterval(this.#heartbeat);
  }

  #remove(reader: ServerResponse): void {
    this.#readers.delete(reader);
    if (this.#readers.size === 0) this.#stop();
  }

  #encoded(event: LiveEvent): string {
    switch (event.type) {
      case 'sample':
        return encode('sample', event.at, { at: event.at, values: event.values, score: event.score });
      case 'processes':
        return encode('processes', event.at, { at: event.at });
      case 'anomaly':
        return encode('anomaly', this.#clock.now(), event.anomaly);
      case 'breach':
        return encode('breach', this.#clock.now(), event.breach);
      case 'incident':
        return encode('incident', this.#clock.now(), event.incident);
      case 'status':
        return encode('status', event.status.at, event.status);
    }
  }

  #broadcast(text: string): void {
    for (const reader of this.#readers) {
      if (reader.writableLength > MAX_BUFFERED_BYTES) reader.destroy();
      else reader.write(text);
    }
  }

  #resume(reader: ServerResponse, last: number): void {
    const now = this.#clock.now();
    if (last >= now) return;
    if (now - last > MAX_REPLAY_MS) reader.write(encode('gap', last, { from: last, to: now }));
    else this.#replaySamples(reader, last + 1, now + 1);
    for (const anomaly of this.#source.history.anomalies({ from: last, limit: 100 }).toReversed()) {
      reader.write(encode('anomaly', now, anomaly));
    }
    for (const incident of this.#source.archive.list({ from: last, limit: 100 }).toReversed()) {
      reader.write(encode('incident', now, incident));
    }
  }

  #replaySamples(reader: ServerResponse, from: number, to: number): void {
    const { history } = this.#source;
    const metrics = history.series().map(({ key }) => key);
    const samples = new Map<number, Record<string, number>>();
    for (const frame of history.query({ metrics, from, to, resolution: 1 }).frames) {
      frame.at.forEach((at, index) => {
        const values = samples.get(at) ?? {};
        values[frame.metric] = frame.mean[index]!;
        samples.set(at, values);
      });
    }
    for (const at of [...samples.keys()].sort((one, other) => one - other)) {
      reader.write(encode('sample', at, { at, values: samples.get(at) }));
    }
  }
}

/** One live stream a machine, made when somebody reads it. */
export class LiveStreams {
  readonly #clock: Clock;
  readonly #streams = new Map<string, LiveStream>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The stream of a machine; `name` tells it from others. */
  of(name: string, source: Source): LiveStream {
    for (const [other, stream] of this.#streams) if (stream.readers === 0) this.#streams.delete(other);
    const known = this.#streams.get(name);
    if (known) return known;
    const stream = new LiveStream(source, this.#clock);
    this.#streams.set(name, stream);
    return stream;
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.close();
  }
}

/** JSON has no line ends of its own, so one data line holds it. */
function encode(type: string, at: number, data: unknown): string {
  return `id: ${Math.floor(at)}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
