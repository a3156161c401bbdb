import { existsSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeDirectory, writeFileAtomic } from '../../lib/atomic-file.ts';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';
import { encodeCoreMl } from './coreml.ts';
import { encodeOnnx } from './onnx.ts';
import type { Quantization } from './quantize.ts';
import type { ExportSource } from './source.ts';

const PACKAGE = '.mlpackage';

export interface ExportOrder {
  readonly format: 'onnx' | 'coreml';
  readonly quantization: Quantization;
  readonly out: string;
}

/**
 * Writes the file, or the folder of a Core ML package, for its owner alone, whole or not at all; one that is there is
 * replaced. Returns its size in bytes. Throws a UserError.
 */
export function writeExport(source: ExportSource, { format, quantization, out }: ExportOrder): number {
  if (format === 'coreml' && !out.endsWith(PACKAGE))
    throw new UserError(`${out}: a Core ML package is a folder whose name ends with ${PACKAGE}; add that`);
  try {
    if (format === 'coreml') return writePackage(out, encodeCoreMl(source, quantization));
    const bytes = encodeOnnx(source, quantization);
    writeFileAtomic(out, bytes);
    return bytes.length;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${out}: cannot be written (${errorCode(error) ?? errorMessage(error)})`, 1);
  }
}

function writePackage(out: string, files: ReadonlyMap<string, Uint8Array>): number {
  if (existsSync(out) && !existsSync(join(out, 'Manifest.json')))
    throw new UserError(`${out}: is there and is no Core ML package; name another one`);
  // Core ML must never find half a package.
  const temporary = join(dirname(out), `.${basename(out)}.${process.pid}.tmp`);
  let bytes = 0;
  try {
    for (const [path, content] of files) {
      makeDirectory(dirname(join(temporary, path)), 0o700);
      writeFileAtomic(join(temporary, path), content);
      bytes += content.length;
    }
    rmSync(out, { recursive: true, force: true });
    renameSync(temporary, out);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
  return bytes;
}
