import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../lib/errors.ts';
import { isInstalled, type Manager, managerFor, requireRunningManager } from '../../service/manager.ts';
import { output, perform } from '../../service/perform.ts';
import { serviceProgram } from '../../service/program.ts';
import { type ServiceKind, type ServiceSpec, serviceName } from '../../service/spec.ts';
import { describeStep, type Step } from '../../service/steps.ts';
import { findRunning } from '../client.ts';
import { type InstallOptions, kindOf, type UninstallOptions } from '../commands/service.ts';
import { referenceFile } from '../config/init.ts';
import { hubFolder } from '../hub-folder.ts';
import { version } from '../version.ts';

/** `homeostat service install`. Throws a UserError that names the step that failed; to run it again is safe. */
export function install(args: readonly string[], options: InstallOptions): void {
  const kind = kindOf(options);
  const manager = managerFor(process.platform);
  const {
    program,
    steps: copies,
    why,
  } = serviceProgram({
    ...{ node: process.execPath, root: packageRoot(), copyTo: manager.places.program },
  });
  const spec: ServiceSpec = { kind, program, args, version: version() };
  const other = otherThan(kind);
  const steps: Step[] = [
    ...copies,
    ...manager.install(spec, referenceFile(), options.start),
    // It runs from the same copy.
    ...(copies.length > 0 && isInstalled(manager, other) ? manager.restart(other) : []),
  ];
  if (options.dryRun) {
    if (why !== undefined) console.log(`# ${why}: a service gets a copy of the program`);
    console.log(
      `${steps.map(describeStep).join('\n')}\n\n# ${manager.file(kind)}\n${manager.definition(spec)}`,
    );
    return;
  }
  requireRoot('installing');
  requireRunningManager(manager);
  for (const step of steps) {
    console.log(describeStep(step));
    try {
      perform(step);
    } catch (error) {
      throw explained(error, step, kind);
    }
  }
  console.log(told(manager, kind, options.start));
}

/** A service that does not start says why in the journal. */
function explained(error: unknown, step: Step, kind: ServiceKind): unknown {
  if (!(error instanceof UserError) || step.kind !== 'run' || !step.command.includes('restart')) return error;
  const { said } = output(['journalctl', '-u', serviceName(kind), '-n', '20', '-o', 'cat', '--no-pager']);
  const lines = said.split('\n').filter((line) => line.startsWith('homeostat: '));
  return new UserError(
    `${serviceName(kind)} is installed but does not start: ${lines.at(-1)?.slice('homeostat: '.length) ?? error.message}; mend that, then run 'systemctl start ${serviceName(kind)}'`,
    1,
  );
}

function told({ places }: Manager, kind: ServiceKind, started: boolean): string {
  const run = started ? findRunning(kind === 'hub' ? hubFolder(places.data) : places.data)?.run : undefined;
  return [
    '',
    run ? `Runs           ${run.address}${run.token ? ' (with its token)' : ''}` : 'Installed',
    `Data           ${places.data}`,
    `Logs           ${places.logs}    homeostat service logs -f`,
    `Configuration  ${places.config}`,
    `Commands       homeostat status --data '${places.data}', as root or as its user`,
  ].join('\n');
}

/** The service that may be installed beside it. */
const otherThan = (kind: ServiceKind): ServiceKind => (kind === 'hub' ? 'up' : 'hub');

/** `homeostat service uninstall`. */
export async function uninstall(options: UninstallOptions): Promise<void> {
  const kind = kindOf(options);
  const manager = managerFor(process.platform);
  const other = otherThan(kind);
  const last = !isInstalled(manager, other);
  const { purge = false, yes, dryRun } = options;
  if (purge && !last)
    throw new UserError(
      `the service ${serviceName(other)} shares the data: uninstall it first, or leave out --purge`,
    );
  const steps = manager.uninstall(kind, last, purge);
  if (dryRun) {
    console.log(steps.map(describeStep).join('\n'));
    return;
  }
  requireRoot('uninstalling');
  if (purge && !yes) await confirm(manager);
  for (const step of steps) {
    console.log(describeStep(step));
    perform(step);
  }
  if (!purge)
    console.log(`\nData, logs and configuration stay: ${manager.places.data}, ${manager.places.logs}`);
}

async function confirm({ places }: Manager): Promise<void> {
  const question = `All history, models and logs in ${places.data} and ${places.logs} will be gone. Type yes: `;
  if (!process.stdin.isTTY)
    throw new UserError('--purge asks first, and nobody is there to answer; add --yes to go on without');
  const line = createInterface({ input: process.stdin, output: process.stdout });
  try {
    if ((await line.question(question)).trim() !== 'yes') throw new UserError('nothing was removed', 130);
  } finally {
    line.close();
  }
}

function requireRoot(doing: string): void {
  if (process.getuid && process.getuid() !== 0)
    throw new UserError(`${doing} a service needs root: run it with sudo; --dry-run shows what it would do`);
}

/** The folder of the package: the closest one above this code that has its package.json. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'bin', 'homeostat.mjs'))) {
    if (folder === dirname(folder))
      throw new UserError('the program is not whole: install Homeostat anew', 1);
    folder = dirname(folder);
  }
  return folder;
}
