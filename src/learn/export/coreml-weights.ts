import { littleEndian } from '../../lib/protobuf.ts';

const ALIGNMENT = 64;
const SENTINEL = 0xdeadbeef;
const VERSION = 2;

/**
 * `weights/weight.bin` of a Core ML package, by its public format (coremltools, MILBlob/Blob/StorageFormat.hpp): a header of
 * 64 bytes, then for each array 64 bytes that describe it and its data, both beginning at multiples of 64.
 */
export class WeightsFile {
  /** As the program names it. */
  readonly path = '@model_path/weights/weight.bin';
  readonly #chunks: Uint8Array[] = [];
  #count = 0;
  #length = ALIGNMENT;

  /** Returns where its description begins: by that the program finds it. */
  add(data: Float32Array | Float16Array | Int8Array): number {
    const bytes = littleEndian(data);
    const at = this.#length;
    const description = new DataView(new ArrayBuffer(ALIGNMENT));
    description.setUint32(0, SENTINEL, true);
    description.setUint32(4, data instanceof Float16Array ? 1 : data instanceof Float32Array ? 2 : 4, true);
    description.setBigUint64(8, BigInt(bytes.length), true);
    description.setBigUint64(16, BigInt(at + ALIGNMENT), true);
    const padding = new Uint8Array((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT);
    this.#chunks.push(new Uint8Array(description.buffer), bytes, padding);
    this.#length += ALIGNMENT + bytes.length + padding.length;
    this.#count++;
    return at;
  }

  encode(): Uint8Array {
    const header = new DataView(new ArrayBuffer(ALIGNMENT));
    header.setUint32(0, this.#count, true);
    header.setUint32(4, VERSION, true);
    return Buffer.concat([new Uint8Array(header.buffer), ...this.#chunks]);
  }
}
