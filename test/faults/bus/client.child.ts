// A client that streams batches and takes care of them as an agent does: what has no OK is sent again, with the same keys.
// Its keys are NAME-0, NAME-1 and so on. On standard output: `sent N` (so many were made), `kept FROM TO` for each answer,
// `refused` for each RETRY, `drained` when it was told to stop (a line on standard input) and everything has its answer.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type PublishResponse,
  PublishResponse_Status,
} from '../../../proto/generated/homeostat/v1/telemetry.ts';
import { batchOf, StreamPublisher } from '../../support/bus.ts';
import type { ClientPlan } from './client.ts';

const plan = JSON.parse(process.argv[2]!) as ClientPlan;
const IN_FLIGHT = 8;
const ANSWER_MS = 3000;

interface Range {
  readonly from: number;
  readonly to: number;
}

/** To be sent, oldest first, and sent without an answer. */
const queue: Range[] = [];
const flying: Range[] = [];
let made = 0;
let stopping = false;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function make(): void {
  if (stopping || queue.length > 100) return;
  queue.push({ from: made, to: made + plan.batch });
  made += plan.batch;
  say(`sent ${made}`);
}

function bytesOf(sequence: number, { from, to }: Range): Buffer {
  const keys = Array.from({ length: to - from }, (_, index) => `${plan.name}-${from + index}`);
  return batchOf(sequence, keys, BigInt(Date.now() + plan.skewMs) * 1_000_000n);
}

async function within<T>(answer: Promise<T>): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      answer,
      sleep(ANSWER_MS, undefined, { signal: late.signal }).then(() => {
        throw new Error('no answer');
      }),
    ]);
  } finally {
    late.abort();
  }
}

function take(answer: PublishResponse, range: Range): void {
  if (answer.status === PublishResponse_Status.STATUS_OK) {
    say(`kept ${range.from} ${range.to}`);
    return;
  }
  say('refused');
  setTimeout(() => queue.unshift(range), answer.backoffHintMs);
  waiting++;
  setTimeout(() => waiting--, answer.backoffHintMs);
}

/** Refused batches whose time has not come. */
let waiting = 0;

/** One stream until it breaks. */
async function session(): Promise<void> {
  const stream = new StreamPublisher(plan.address, plan.folder, plan.certificate);
  let sequence = 0;
  try {
    await within(stream.next());
    for (;;) {
      for (let next = queue[0]; next && flying.length < IN_FLIGHT; next = queue[0]) {
        queue.shift();
        flying.push(next);
        stream.send(bytesOf(++sequence, next));
      }
      if (flying.length === 0) {
        if (stopping && waiting === 0) return;
        await sleep(2);
        continue;
      }
      const answer = await within(stream.next());
      take(answer, flying.shift()!);
    }
  } catch {
    queue.unshift(...flying.splice(0));
  } finally {
    stream.close();
  }
}

createInterface({ input: process.stdin })
  .once('line', () => {
    stopping = true;
  })
  .once('close', () => process.exit(0));
setInterval(make, plan.everyMs);
while (!stopping || queue.length > 0 || flying.length > 0 || waiting > 0) {
  await session();
  await sleep(20 + Math.random() * 80);
}
say('drained');
process.exit(0);
