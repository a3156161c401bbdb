import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as proto from '../../test/support/protobuf.ts';
import { ProtoWriter } from './protobuf.ts';

describe('a message in the wire format', () => {
  it("is what the format's own example says", () => {
    assert.deepEqual([...new ProtoWriter().uint(1, 150).finish()], [0x08, 0x96, 0x01]);
    assert.deepEqual(
      [...new ProtoWriter().string(2, 'testing').finish()],
      [0x12, 0x07, ...Buffer.from('testing')],
    );
  });

  it('gives its numbers, texts, lists and messages back', () => {
    const whole = fc.nat(Number.MAX_SAFE_INTEGER);
    fc.assert(
      fc.property(
        whole,
        fc.string({ unit: 'binary' }),
        fc.array(whole),
        fc.dictionary(fc.string(), fc.string()),
        (value, text, list, entries) => {
          const inner = new ProtoWriter().uint(1, value).string(536_870_911, text);
          const bytes = new ProtoWriter().message(3, inner).uints(15, list).map(16, entries).finish();
          const read = proto.readFields(bytes);
          assert.equal(proto.number(proto.message(read, 3), 1), value);
          assert.equal(proto.string(proto.message(read, 3), 536_870_911), Buffer.from(text).toString());
          assert.deepEqual(proto.numbers(read, 15), list);
          for (const [key, entry] of proto.map(read, 16)) assert.equal(proto.string(entry, 2), entries[key]);
          assert.equal(proto.map(read, 16).size, Object.keys(entries).length);
        },
      ),
    );
  });

  it('keeps float32, the lowest byte first', () => {
    const bytes = new ProtoWriter().floats(1, Float32Array.of(1, -2.5)).finish();
    assert.deepEqual([...bytes], [0x0a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]);
  });

  it('refuses what it cannot write: numbers below 0, fractions, and what a number cannot hold', () => {
    for (const value of [-1, 0.5, 2 ** 53, Number.NaN])
      assert.throws(() => new ProtoWriter().uint(1, value), RangeError);
  });
});
