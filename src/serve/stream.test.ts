import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { FixtureSource } from '../../test/support/fixture-source.ts';
import { ManualClock } from '../lib/clock.ts';
import { createServer, type HttpServer } from './server.ts';

const NOW = Date.UTC(2026, 2, 1, 12);

interface StreamEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

let clock: ManualClock;
let source: FixtureSource;
let server: HttpServer;
let address: string;
let webFolder: string;

beforeEach(async () => {
  clock = new ManualClock(NOW);
  source = new FixtureSource(clock);
  webFolder = mkdtempSync(join(tmpdir(), 'homeostat-web-'));
  writeFileSync(join(webFolder, 'index.html'), '');
  server = createServer({ source, host: '127.0.0.1', port: 0, webFolder, clock });
  address = (await server.listen()).address;
});
afterEach(async () => {
  await server.close();
  rmSync(webFolder, { recursive: true });
});

/** Opens the stream; `next` waits for the next event of a type. */
async function open(headers: Record<string, string> = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${address}/api/v1/stream`, { headers, agent: false }, resolve).on('error', reject);
  });
  let text = '';
  response.setEncoding('utf8');
  const waiting: (() => void)[] = [];
  const arrived: StreamEvent[] = [];
  response.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parse(text.slice(0, end));
      if (event) arrived.push(event);
      text = text.slice(end + 2);
    }
    for (const wake of waiting.splice(0)) wake();
  });
  const closed = new Promise<void>((resolve) => response.on('close', resolve));
  response.on('error', () => {});
  const next = async (type: string): Promise<StreamEvent> => {
    for (;;) {
      const index = arrived.findIndex((event) => event.type === type);
      if (index >= 0) return arrived.splice(0, index + 1)[index]!;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return { response, closed, next, arrived };
}

function parse(block: string): StreamEvent | undefined {
  const field = (name: string) =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const type = field('event');
  if (type === undefined) return undefined;
  return { id: field('id') ?? '', type, data: JSON.parse(field('data') ?? '{}') as Record<string, unknown> };
}

test('samples, processes, anomalies and the status arrive as they happen', async () => {
  const reader = await open();
  assert.match(reader.response.headers['content-type'] ?? '', /text\/event-stream/);
  assert.equal((await reader.next('status')).data.version, '0.1.0');
  source.tick();
  const sample = await reader.next('sample');
  assert.equal(sample.data.at, NOW);
  assert.equal(sample.id, String(NOW));
  assert.ok(Object.keys(sample.data.values as object).length > 80);
  assert.equal((await reader.next('processes')).data.at, NOW);
  const [anomaly] = source.history.anomalies({});
  source.emit({ type: 'anomaly', anomaly: anomaly! });
  assert.equal((await reader.next('anomaly')).data.id, anomaly!.id);
});

test('without readers nothing is subscribed to', async () => {
  assert.equal(source.subscribers, 0);
  const one = await open();
  const other = await open();
  await Promise.all([one.next('status'), other.next('status')]);
  assert.equal(source.subscribers, 1);
  one.response.destroy();
  other.response.destroy();
  while (source.subscribers > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a reader that comes back gets the samples that it missed, then what changed', async () => {
  const reader = await open({ 'Last-Event-ID': String(NOW - 5000) });
  clock.advance(0);
  await reader.next('status');
  const again = await open({ 'Last-Event-ID': String(NOW - 5000) });
  const times: unknown[] = [];
  for (let count = 0; count < 4; count++) times.push((await again.next('sample')).data.at);
  assert.deepEqual(times, [NOW - 4000, NOW - 3000, NOW - 2000, NOW - 1000]);
  assert.equal((await again.next('anomaly')).data.state, 'open');
  await again.next('status');
});

test('a reader that was away for long is told the gap instead', async () => {
  const reader = await open({ 'Last-Event-ID': String(NOW - 3_600_000) });
  assert.deepEqual((await reader.next('gap')).data, { from: NOW - 3_600_000, to: NOW });
  await reader.next('status');
});

test('an id from the future or not a number is ignored', async () => {
  for (const id of [String(NOW + 99_000), 'abc', '-1']) {
    const reader = await open({ 'Last-Event-ID': id });
    await reader.next('status');
    assert.deepEqual(reader.arrived, []);
  }
});

test('a reader that does not read is cut off, the others go on', async () => {
  const slow = await open();
  const good = await open();
  await slow.next('status');
  slow.response.pause();
  const [anomaly] = source.history.anomalies({});
  const padded = { ...anomaly!, sentence: 'x'.repeat(100_000) };
  for (let count = 0; count < 400; count++) {
    source.emit({ type: 'anomaly', anomaly: padded });
    await good.next('anomaly');
  }
  slow.response.resume();
  await slow.closed;
  source.tick();
  await good.next('sample');
});

test('the seventeenth reader is refused', async () => {
  for (let count = 0; count < 16; count++) await open();
  const refused = await open();
  assert.equal(refused.response.statusCode, 503);
});

test('hostile text stays inside its event', async () => {
  const reader = await open();
  const [anomaly] = source.history.anomalies({});
  source.emit({
    type: 'anomaly',
    anomaly: { ...anomaly!, sentence: 'a\n\nevent: status\ndata: {}\r\u2028' },
  });
  assert.equal((await reader.next('anomaly')).data.sentence, 'a\n\nevent: status\ndata: {}\r\u2028');
});
