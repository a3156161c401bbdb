import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { errorMessage, UserError } from '../lib/errors.ts';
import type { EncodedModel } from '../model/detector.ts';
import type { MachineModel } from '../model/machine-model.ts';

/**
 * A model file (`model-<id>.hsm`), all numbers little-endian:
 *
 *     8 bytes    "HSMODEL\n"
 *     4 bytes    length of the header
 *     header     JSON in UTF-8, filled up with spaces until the arrays begin at a multiple of 4
 *     arrays     one after the other, each at the offset that the header names, 4 bytes an element
 *     32 bytes   SHA-256 of everything before it
 *
 * The header carries what another program needs to use the model: `feature_names`, `feature_means`, `feature_stds`
 * (of values after `feature_compress`, see `model/scaling.ts`) and `suggested_threshold`.
 */
const MAGIC = 'HSMODEL\n';
const PREFIX_BYTES = MAGIC.length + 4;
const CHECKSUM_BYTES = 32;
/** Raised when a reader of the old format would misread the new one. */
const FORMAT = 1;

interface ArrayPlace {
  readonly type: 'f32' | 'i32';
  /** Bytes from where the arrays begin, and number of elements. */
  readonly offset: number;
  readonly length: number;
}

interface Header extends Omit<MachineModel, 'features' | 'scaling' | 'suggestedThreshold' | 'detectors'> {
  readonly format: number;
  readonly feature_names: readonly string[];
  readonly feature_compress: readonly number[];
  readonly feature_means: readonly number[];
  readonly feature_stds: readonly number[];
  readonly suggested_threshold: number;
  readonly detectors: readonly (Omit<MachineModel['detectors'][number], 'encoded'> & {
    readonly facts: EncodedModel['facts'];
    readonly arrays: Readonly<Record<string, ArrayPlace>>;
  })[];
}

/** Writes the model for its owner alone, whole or not at all. */
export function writeModelFile(path: string, model: MachineModel): void {
  writeFileAtomic(path, encodeModel(model), 0o600);
}

/** Reads a model; throws a UserError naming the file where it cannot be read, is damaged, or is of a newer version. */
export function readModelFile(path: string): MachineModel {
  try {
    return decodeModel(readFileSync(path));
  } catch (error) {
    throw new UserError(`model ${path}: ${errorMessage(error)}`, 1);
  }
}

export function encodeModel(model: MachineModel): Buffer {
  const arrays: Buffer[] = [];
  let offset = 0;
  const place = (array: Float32Array | Int32Array): ArrayPlace => {
    const at = offset;
    arrays.push(Buffer.from(array.buffer, array.byteOffset, array.byteLength));
    offset += array.byteLength;
    return { type: array instanceof Float32Array ? 'f32' : 'i32', offset: at, length: array.length };
  };
  const { features, scaling, suggestedThreshold, detectors, ...rest } = model;
  const header: Header = {
    format: FORMAT,
    ...rest,
    feature_names: features,
    feature_compress: scaling.compress,
    feature_means: scaling.means,
    feature_stds: scaling.deviations,
    suggested_threshold: suggestedThreshold,
    detectors: detectors.map(({ encoded, ...part }) => ({
      ...part,
      facts: encoded.facts,
      arrays: Object.fromEntries(Object.entries(encoded.arrays).map(([name, array]) => [name, place(array)])),
    })),
  };
  const json = Buffer.from(JSON.stringify(header));
  const padding = (4 - ((PREFIX_BYTES + json.length) % 4)) % 4;
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(MAGIC, 'latin1');
  prefix.writeUInt32LE(json.length + padding, MAGIC.length);
  const body = Buffer.concat([prefix, json, Buffer.alloc(padding, ' '), ...arrays]);
  return Buffer.concat([body, checksum(body)]);
}

/** Throws where the bytes are not a whole, undamaged model of a version that is known here. */
export function decodeModel(bytes: Buffer): MachineModel {
  if (bytes.length < PREFIX_BYTES + CHECKSUM_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new Error('is not a model file');
  }
  const end = bytes.length - CHECKSUM_BYTES;
  const arraysAt = PREFIX_BYTES + bytes.readUInt32LE(MAGIC.length);
  const intact = checksum(bytes.subarray(0, end)).equals(bytes.subarray(end));
  if (!intact || arraysAt > end) throw new Error('is damaged: its checksum does not fit');
  const header = JSON.parse(bytes.toString('utf8', PREFIX_BYTES, arraysAt)) as Header;
  if (header.format !== FORMAT) {
    throw new Error(`has format ${header.format}, and this version reads ${FORMAT}: update Homeostat`);
  }
  const array = ({ type, offset, length }: ArrayPlace): Float32Array | Int32Array => {
    const from = bytes.byteOffset + arraysAt + offset;
    // A copy: the file's buffer must not live as long as the model, nor need it be aligned.
    const buffer = bytes.buffer.slice(from, from + length * 4) as ArrayBuffer;
    return type === 'f32' ? new Float32Array(buffer) : new Int32Array(buffer);
  };
  const {
    format: _,
    feature_names,
    feature_compress,
    feature_means,
    feature_stds,
    suggested_threshold,
    ...rest
  } = header;
  return {
    ...rest,
    features: feature_names,
    scaling: { compress: feature_compress, means: feature_means, deviations: feature_stds },
    suggestedThreshold: suggested_threshold,
    detectors: header.detectors.map(({ facts, arrays, ...part }) => ({
      ...part,
      encoded: {
        facts,
        arrays: Object.fromEntries(Object.entries(arrays).map(([name, at]) => [name, array(at)])),
      },
    })),
  };
}

const checksum = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
