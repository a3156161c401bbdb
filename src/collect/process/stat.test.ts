import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createStat,
  MINOR_FAULTS,
  PPID,
  parseStat,
  RSS,
  START_STACK,
  START_TIME,
  VIRTUAL_SIZE,
} from './stat.ts';

/** Read from a Linux 6.18 machine; the numbers behind the name. */
const NUMBERS =
  ' S 7526 7527 5650 0 -1 4194368 194 468 0 0 12 7 0 0 20 0 1 0 203755 4595712 474 18446744073709551615 93936952446976 ' +
  '93936953236381 140720882717328 0 0 0 65536 0 81922 1 0 0 17 0 0 0 0 0 0 93936953469680 93936953517924\n';

function parse(comm: Buffer): { name: Buffer; stat: ReturnType<typeof createStat> } | undefined {
  const bytes = Buffer.concat([Buffer.from('7527 ('), comm, Buffer.from(`)${NUMBERS}\0`)]);
  const stat = createStat();
  if (!parseStat(bytes, bytes.length - 1, stat)) return undefined;
  return { name: bytes.subarray(stat.commStart, stat.commEnd), stat };
}

test('the fields of a real stat file', () => {
  const { name, stat } = parse(Buffer.from('bash'))!;
  assert.equal(name.toString(), 'bash');
  assert.equal(String.fromCharCode(stat.state), 'S');
  const fields = [PPID, MINOR_FAULTS, START_TIME, VIRTUAL_SIZE, RSS, START_STACK];
  assert.deepEqual(
    fields.map((field) => stat.values[field]),
    [7526, 194, 203755, 4595712, 474, 140720882717328],
  );
});

test('whatever bytes a process takes for its name, the numbers are its own', () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes.map((byte) => byte || 1))),
    fc.constantFrom('', ')', ') R 1 2 3', '(sd-pam)', 'a b\nc', '((', ' ').map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(hostile, (comm) => {
      const parsed = parse(comm)!;
      assert.deepEqual(parsed.name, comm);
      assert.equal(parsed.stat.values[START_TIME], 203755);
    }),
    { seed: 1 },
  );
});

test('a file that was cut short, or is none, is not believed', () => {
  const whole = `7527 (bash)${NUMBERS}`;
  const stat = createStat();
  for (const text of ['', '7527', '7527 (bash', '7527 (bash)', '7527 (bash) S 75', whole.slice(0, 90)]) {
    const bytes = Buffer.alloc(512);
    // Stale bytes of a longer file lie behind the 0 that ends this one.
    bytes.write(whole);
    bytes.write(`${text}\0`);
    assert.equal(parseStat(bytes, text.length, stat), false, JSON.stringify(text));
  }
});
