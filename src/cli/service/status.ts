import { UserError } from '../../lib/errors.ts';
import { printable } from '../../lib/text.ts';
import { isInstalled, managerFor } from '../../service/manager.ts';
import { output } from '../../service/perform.ts';
import { serviceName } from '../../service/spec.ts';
import { kindOf } from '../commands/service.ts';

/** `homeostat service status`: throws a UserError, exit code 1, where it is not installed; exit code 1 where it does not run. */
export function status(options: { hub?: true; json?: true }): void {
  const kind = kindOf(options);
  const manager = managerFor(process.platform);
  if (!isInstalled(manager, kind))
    throw new UserError(
      `the service ${serviceName(kind)} is not installed (${manager.file(kind)}); 'homeostat service install${kind === 'hub' ? ' --hub' : ''}' does that`,
      1,
    );
  const { status: code, said } = output(manager.status(kind));
  if (manager.name !== 'systemd') {
    console.log(said.trimEnd().split('\n').map(printable).join('\n'));
    process.exitCode = code === 0 ? 0 : 1;
    return;
  }
  const facts = Object.fromEntries(
    said.split('\n').map((line) => line.split(/=(.*)/s, 2) as [string, string]),
  );
  const runs = facts.ActiveState === 'active';
  if (options.json)
    console.log(JSON.stringify({ service: serviceName(kind), runs, ...named(facts) }, null, 2));
  else
    console.log(
      rendered(facts)
        .map(([name, value]) => `${name.padEnd(9)}  ${printable(value)}`)
        .join('\n'),
    );
  if (!runs) process.exitCode = 1;
}

type Facts = Readonly<Record<string, string>>;

/** For programs; figures that systemd does not know are left out. */
function named(facts: Facts) {
  const memory = Number(facts.MemoryCurrent);
  return {
    state: facts.ActiveState,
    subState: facts.SubState,
    result: facts.Result,
    atBoot: facts.UnitFileState === 'enabled',
    restarts: Number(facts.NRestarts),
    ...(Number(facts.MainPID) > 0 && { pid: Number(facts.MainPID) }),
    ...(memory > 0 && memory < 2 ** 53 && { memoryBytes: memory }),
    ...(facts.ActiveEnterTimestamp && { since: facts.ActiveEnterTimestamp }),
    ...(facts.StatusText && { says: facts.StatusText }),
  };
}

function rendered(facts: Facts): [string, string][] {
  const { state, subState, result, atBoot, restarts, pid, memoryBytes, since, says } = named(facts);
  return [
    ['State', `${state} (${subState})${result === 'success' ? '' : `, ended by ${result}`}`],
    ['Since', since ?? '-'],
    ['Says', says ?? '-'],
    ['Process', pid === undefined ? '-' : String(pid)],
    [
      'Memory',
      memoryBytes === undefined
        ? '-'
        : `${Math.round(memoryBytes / 2 ** 20)} MiB, with its files in the cache`,
    ],
    ['Restarts', String(restarts)],
    ['At boot', atBoot ? 'starts' : 'does not start'],
  ];
}
