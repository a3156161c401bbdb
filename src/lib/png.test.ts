import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, inflateSync } from 'node:zlib';
import { encodePng } from './png.ts';

/** The chunks of a PNG, each with its checksum checked. */
function chunksOf(png: Buffer): [string, Buffer][] {
  assert.equal(png.toString('latin1', 0, 8), '\u0089PNG\r\n\u001a\n');
  const chunks: [string, Buffer][] = [];
  for (let at = 8; at < png.length; ) {
    const size = png.readUInt32BE(at);
    const named = png.subarray(at + 4, at + 8 + size);
    assert.equal(png.readUInt32BE(at + 8 + size), crc32(named));
    chunks.push([named.toString('latin1', 0, 4), named.subarray(4)]);
    at += size + 12;
  }
  return chunks;
}

test('a picture is its size, its colours and its lines, none of them filtered', () => {
  const png = encodePng(
    3,
    [
      [255, 255, 255],
      [1, 2, 3],
    ],
    Uint8Array.of(0, 1, 0, 1, 0, 1),
  );
  const [header, palette, data, end] = chunksOf(png);
  assert.deepEqual([...header![1]], [0, 0, 0, 3, 0, 0, 0, 2, 8, 3, 0, 0, 0]);
  assert.deepEqual([...palette![1]], [255, 255, 255, 1, 2, 3]);
  assert.deepEqual([...inflateSync(data![1])], [0, 0, 1, 0, 0, 1, 0, 1]);
  assert.deepEqual([header![0], palette![0], data![0], end![0]], ['IHDR', 'PLTE', 'IDAT', 'IEND']);
});
