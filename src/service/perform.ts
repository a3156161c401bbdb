import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory, writeFileAtomic } from '../lib/atomic-file.ts';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import { describeStep, type Step } from './steps.ts';

/** Does what a step says, again if need be with the same outcome. Throws a UserError that names the step. */
export function perform(step: Step): void {
  try {
    performed(step);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${describeStep(step)}: ${errorCode(error) ?? errorMessage(error)}`, 1);
  }
}

function performed(step: Step): void {
  switch (step.kind) {
    case 'write':
      if (step.keep && existsSync(step.path)) return;
      makeDirectory(dirname(step.path), 0o755);
      writeFileAtomic(
        step.path,
        step.utf16 ? Buffer.from(`\ufeff${step.text}`, 'utf16le') : step.text,
        step.mode,
      );
      chmodSync(step.path, step.mode);
      if (step.group) run(['chgrp', step.group, step.path]);
      return;
    case 'directory':
      makeDirectory(step.path, step.mode);
      chmodSync(step.path, step.mode);
      if (step.owner) run(['chown', '-R', step.owner, step.path]);
      return;
    case 'copy':
      makeDirectory(dirname(step.to), 0o755);
      cpSync(step.from, step.to, { recursive: true, dereference: true });
      return;
    case 'remove':
      if (step.written !== undefined && !isWritten(step.path, step.written)) return;
      rmSync(step.path, { recursive: true, force: true });
      return;
    case 'run': {
      const { status, said } = output(step.command);
      if (status !== 0 && !step.mayFail) throw new UserError(failed(step.command, status, said), 1);
    }
  }
}

const isWritten = (path: string, text: string): boolean =>
  existsSync(path) && readFileSync(path, 'utf8') === text;

function run(command: readonly string[]): void {
  const { status, said } = output(command);
  if (status !== 0) throw new UserError(failed(command, status, said), 1);
}

const failed = (command: readonly string[], status: number | null, said: string): string =>
  `'${command.join(' ')}' failed (${status ?? 'not started'}): ${said.trim().replaceAll(/\s*\n\s*/g, '; ') || 'it said nothing'}`;

/** Runs a command to its end; what it said on both outputs. `status` is null where it could not be started. */
export function output([command, ...args]: readonly string[]): { status: number | null; said: string } {
  const { status, stdout, stderr, error } = spawnSync(command!, args, { encoding: 'utf8' });
  return { status, said: error ? error.message : `${stdout}${stderr}` };
}
