/**
 * An error that a person can act on: one line that names the thing, the value and the remedy.
 * The command line prints `message` alone, without a stack trace, and ends with `exitCode`.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** 2 for wrong use or wrong configuration, 1 for a failure of the machine, 130 where the user broke it off. */
  readonly exitCode: 1 | 2 | 130;
  /** What else is wrong, each a line of its own. */
  readonly more: readonly string[];

  constructor(message: string, exitCode: 1 | 2 | 130 = 2, more: readonly string[] = []) {
    super(message);
    this.exitCode = exitCode;
    this.more = more;
  }
}

/** The `code` of a system error (`ENOENT`, `EACCES` ...), or undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** One line of text for any thrown value. */
export function errorMessage(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
}
