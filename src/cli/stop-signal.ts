import { closeSync, openSync } from 'node:fs';

/**
 * Resolves with a reason at the first request to stop. A second one ends the process at once: somebody is in a hurry.
 * With `reload` SIGHUP asks for that instead, unless the terminal is gone that this process was started from.
 */
export function stopSignal(reload?: () => void): Promise<string> {
  const interactive = process.stdin.isTTY || process.stdout.isTTY;
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      let asked = false;
      process.on(signal, () => {
        if (signal === 'SIGHUP' && reload && !(interactive && terminalIsGone())) {
          reload();
          return;
        }
        if (asked) process.exit(130);
        asked = true;
        resolve(signal);
      });
    }
  });
}

function terminalIsGone(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
  }
}
