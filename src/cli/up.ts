import type { UpOptions } from './commands/up.ts';
import { runDaemon } from './daemon.ts';

/** Agent and hub in one process: nothing leaves this machine. */
export const up = (options: UpOptions): Promise<void> => runDaemon(options);
