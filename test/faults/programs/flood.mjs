// flood.mjs receive: says its port on standard output, and drops what comes. flood.mjs send PORT PACKETS_A_SECOND: UDP on loopback.
import { createSocket } from 'node:dgram';
import { writeSync } from 'node:fs';
import './lifeline.mjs';

const [role, port, rate] = process.argv.slice(2);
const socket = createSocket('udp4');
process.title = `flood-${role}`;
if (role === 'receive') {
  socket.on('message', () => {});
  socket.bind(0, '127.0.0.1', () => writeSync(1, `${socket.address().port}\n`));
} else {
  const packet = Buffer.alloc(1400);
  socket.connect(Number(port), '127.0.0.1', send);
  let sent = 0;
  const began = performance.now();
  function send() {
    const due = Math.min(((performance.now() - began) / 1000) * Number(rate) - sent, 500);
    for (let index = 0; index < due; index++, sent++) socket.send(packet, () => {});
    setTimeout(send, 5);
  }
}
