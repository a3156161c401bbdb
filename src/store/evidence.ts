import type { EvidenceFrame, TopScan } from '../model/evidence.ts';
import { parseSeriesKey } from '../model/metric.ts';
import { expand, squeeze } from './column.ts';
import { seriesQuanta } from './kinds.ts';
import { encodePack, Pack } from './pack.ts';

/**
 * Evidence as it is kept: metrics as a pack whose entries are numbered as their keys are listed; scans as JSON. Both squeezed, the texts with
 * their length before them.
 */
export interface EvidencePiece {
  readonly keys: Uint8Array;
  readonly pack: Uint8Array;
}

const LEVEL = 3;
/** Of a key that an update no longer knows. */
const UNKNOWN_PRECISION = 1e-6;

export function encodeFrames(frames: readonly EvidenceFrame[]): EvidencePiece {
  const at = Float64Array.from(new Set(frames.flatMap((frame) => Array.from(frame.at)))).sort();
  const places = new Map(Array.from(at, (moment, place) => [moment, place]));
  const entries = frames.map(({ at: moments, value }, id) => {
    const column = new Float64Array(at.length).fill(Number.NaN);
    for (const [index, moment] of moments.entries()) column[places.get(moment)!] = value[index]!;
    return { id, columns: [column] };
  });
  const keys = frames.map(({ metric }) => metric);
  return { keys: encodeText(JSON.stringify(keys)), pack: encodePack(at, entries, quantaOf(keys), true) };
}

/** The frames of a piece, of the series that are `wanted` (undefined: all). Throws where the bytes are damaged. */
export function decodeFrames(
  { keys: bytes, pack: packed }: EvidencePiece,
  wanted?: ReadonlySet<string>,
): readonly EvidenceFrame[] {
  const keys = keysOf(bytes);
  const quanta = quantaOf(keys);
  const pack = new Pack(packed);
  return keys.flatMap((metric, id) => {
    if (wanted && !wanted.has(metric)) return [];
    const [value] = pack.columns(id, quanta(id)) ?? [];
    return value ? [{ metric, at: pack.at, value }] : [];
  });
}

export const keysOf = (bytes: Uint8Array): readonly string[] => JSON.parse(decodeText(bytes)) as string[];

export const encodeScans = (scans: readonly TopScan[]): Uint8Array => encodeText(JSON.stringify(scans));

export const decodeScans = (bytes: Uint8Array): readonly TopScan[] =>
  JSON.parse(decodeText(bytes)) as TopScan[];

const quantaOf = (keys: readonly string[]) => (id: number) =>
  seriesQuanta(parseSeriesKey(keys[id]!)?.definition.precision ?? UNKNOWN_PRECISION).raw;

function encodeText(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, squeeze(bytes, LEVEL)]);
}

function decodeText(bytes: Uint8Array): string {
  const length = Buffer.from(bytes.buffer, bytes.byteOffset, 4).readUInt32LE();
  return Buffer.from(expand(bytes.subarray(4), length)).toString('utf8');
}
