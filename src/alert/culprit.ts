import { printable } from '../lib/text.ts';
import type { Culprit } from '../model/anomaly.ts';
import { processName } from '../model/display.ts';
import type { Process } from '../model/process.ts';

/** A process as a culprit. `parent`: as it was at its birth where that was seen, else as it is now. */
export function culpritOf(
  process: Process,
  parent: Culprit['parent'],
  judgement: Pick<Culprit, 'share' | 'evidence' | 'group'>,
): Culprit {
  return {
    id: process.id,
    pid: process.pid,
    name: processName(process),
    executable: process.executable,
    commandLine: printable([process.invokedAs ?? process.name, ...process.args].join(' ')),
    parent,
    containerId: process.containerId,
    ...judgement,
  };
}

/** A process as somebody's parent. */
export function parentOf(process: Process | undefined): Culprit['parent'] {
  return process && { pid: process.pid, name: processName(process) };
}
