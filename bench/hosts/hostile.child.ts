// A client that does its worst: hostile.child.ts ADDRESS FOLDER NAME. It floods four streams and calls one by one without a regard
// for hints, opens connections without a word, and shakes hands without a certificate. It ends when its standard input does.
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { batchOf, Publisher, StreamPublisher } from '../../test/support/bus.ts';

const [address, folder, name] = process.argv.slice(2) as [string, string, string];
const [host, port] = [address.slice(0, address.lastIndexOf(':')), Number(address.split(':').at(-1))];

const EVENTS = 500;
/** Made once: whoever floods has no time to encode. What comes again is a duplicate, which costs the hub a look as well. */
const batches = Array.from({ length: 100 }, (_, batch) =>
  batchOf(
    0,
    Array.from({ length: EVENTS }, (_, event) => `hostile-${batch}-${event}`),
  ),
);

/** The batch with this sequence: field 1, a varint, before the events. */
function numbered(batch: Buffer, sequence: number): Buffer {
  const head = [0x08];
  for (let rest = sequence; ; rest = Math.floor(rest / 128)) {
    head.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from(head), batch]);
}

/** All of its credit is always on its way. */
async function floodStream(): Promise<void> {
  for (;;) {
    const stream = new StreamPublisher(address, folder, name);
    try {
      let { credit } = await stream.next();
      for (let sequence = 1; ; ) {
        for (; credit >= EVENTS; credit -= EVENTS) {
          stream.send(numbered(batches[sequence % batches.length]!, sequence));
          sequence++;
        }
        credit += (await stream.next()).credit;
      }
    } catch {
      stream.close();
      await sleep(10);
    }
  }
}

async function floodCalls(client: Publisher): Promise<void> {
  for (let call = 0; ; call++) await client.publish(`hostile call ${call}`);
}

/** From another address, as an attacker's would be. */
async function floodConnections(withTls: boolean): Promise<void> {
  for (;;) {
    const from = { host, port, localAddress: '127.0.0.2' };
    const sockets = Array.from({ length: 20 }, () =>
      withTls
        ? tls.connect({ ...from, rejectUnauthorized: false, ALPNProtocols: ['h2'] })
        : net.connect(from),
    );
    for (const socket of sockets) socket.on('error', () => {});
    setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, 2000);
    await sleep(50);
  }
}

process.stdin.resume().once('end', () => process.exit(0));
for (let number = 0; number < 4; number++) void floodStream();
const client = new Publisher(address, folder, name);
for (let number = 0; number < 100; number++) void floodCalls(client);
void floodConnections(false);
void floodConnections(true);
