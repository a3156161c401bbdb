import { resolve } from 'node:path';
import { DETECTORS } from '../../detect/registry.ts';
import { type ExportSource, suggestedThreshold } from '../../learn/export/source.ts';
import { type ExportOrder, writeExport } from '../../learn/export/write.ts';
import { UserError } from '../../lib/errors.ts';
import { printable } from '../../lib/text.ts';
import { formatValue } from '../../model/display.ts';
import type { MachineModel } from '../../model/machine-model.ts';
import { openRegistry } from './registry.ts';

export interface ExportOptions extends ExportOrder {
  readonly data: string;
  readonly json?: true;
  readonly model: string;
}

/** Writes the model's network for another program. */
export function exportModel(options: ExportOptions): void {
  const registry = openRegistry(options.data);
  const { id } = registry.find(options.model);
  const source = exportedPart(registry.load(id));
  const { format, quantization, json } = options;
  const out = resolve(options.out);
  const bytes = writeExport(source, { format, quantization, out });
  const threshold = suggestedThreshold(source);
  const detector = source.part.name;
  if (json) {
    console.log(JSON.stringify({ id, detector, format, quantization, out, bytes, threshold }, null, 2));
  } else {
    console.log(
      printable(
        `${out}  ${formatValue(bytes, 'By')}: the ${detector} of ${id}; a smoothed score from ${threshold.toPrecision(4)} on is unusual`,
      ),
    );
  }
}

/** The detector that is a network. Throws a UserError where the model has none. */
function exportedPart(model: MachineModel): ExportSource {
  for (const part of model.detectors) {
    const detector = DETECTORS.find(({ name }) => name === part.name);
    if (detector?.reconstruction)
      return { model, part, reconstruction: detector.reconstruction(detector.decode(part.encoded)) };
  }
  throw new UserError(
    `the model ${model.id} has no network to export: it was learned with ${model.detectors.map(({ name }) => name).join(', ')}`,
    1,
  );
}
