import { existsSync } from 'node:fs';
import { UserError } from '../lib/errors.ts';
import { installLaunchd, labelOf, plistFile, plistOf, uninstallLaunchd } from './launchd.ts';
import { PLACES, type Places, type ServiceKind, type ServiceSpec, serviceName } from './spec.ts';
import type { Step } from './steps.ts';
import { installSystemd, uninstallSystemd, unitFile, unitOf } from './systemd.ts';
import { installWindows, taskFile, taskOf, uninstallWindows } from './windows.ts';

/** What keeps services on a platform. */
export interface Manager {
  readonly name: string;
  readonly places: Places;
  /** Where the definition of a service is, and its text. */
  file(kind: ServiceKind): string;
  definition(spec: ServiceSpec): string;
  /** `reference`: the configuration file that is written where there is none. */
  install(spec: ServiceSpec, reference: string, start: boolean): Step[];
  /** `last`: no other service of Homeostat remains. `purge`: with all data. */
  uninstall(kind: ServiceKind, last: boolean, purge: boolean): Step[];
  /** Starts it again where it runs. */
  restart(kind: ServiceKind): Step[];
  /** The command that tells how it is. */
  status(kind: ServiceKind): readonly string[];
}

const SYSTEMD: Manager = {
  name: 'systemd',
  places: PLACES.linux,
  file: unitFile,
  definition: unitOf,
  install: installSystemd,
  uninstall: uninstallSystemd,
  restart: (kind) => [
    { kind: 'run', command: ['systemctl', 'try-restart', `${serviceName(kind)}.service`], mayFail: true },
  ],
  status: (kind) => ['systemctl', 'show', `${serviceName(kind)}.service`, `--property=${SHOWN.join()}`],
};

/** Of systemctl(1). */
const SHOWN = [
  'LoadState',
  'UnitFileState',
  'ActiveState',
  'SubState',
  'Result',
  'MainPID',
  'NRestarts',
  'MemoryCurrent',
  'ActiveEnterTimestamp',
  'StatusText',
] as const;

const LAUNCHD: Manager = {
  name: 'launchd',
  places: PLACES.darwin,
  file: plistFile,
  definition: plistOf,
  install: installLaunchd,
  uninstall: uninstallLaunchd,
  restart: (kind) => [
    { kind: 'run', command: ['launchctl', 'kickstart', '-k', `system/${labelOf(kind)}`], mayFail: true },
  ],
  status: (kind) => ['launchctl', 'print', `system/${labelOf(kind)}`],
};

const TASK_SCHEDULER: Manager = {
  name: 'the task scheduler',
  places: PLACES.win32,
  file: taskFile,
  definition: taskOf,
  install: installWindows,
  uninstall: uninstallWindows,
  restart: (kind) => [
    { kind: 'run', command: ['schtasks', '/End', '/TN', serviceName(kind)], mayFail: true },
    { kind: 'run', command: ['schtasks', '/Run', '/TN', serviceName(kind)], mayFail: true },
  ],
  status: (kind) => ['schtasks', '/Query', '/TN', serviceName(kind), '/V', '/FO', 'LIST'],
};

/** Throws a UserError where there is none. */
export function managerFor(platform: NodeJS.Platform): Manager {
  if (platform === 'darwin') return LAUNCHD;
  if (platform === 'win32') return TASK_SCHEDULER;
  if (platform === 'linux') return SYSTEMD;
  throw new UserError(`there is no service manager known for ${platform}; let your own start 'homeostat up'`);
}

export const isInstalled = (manager: Manager, kind: ServiceKind): boolean => existsSync(manager.file(kind));

/** Throws a UserError where systemd is not what runs this machine, as in most containers. */
export function requireRunningManager(manager: Manager): void {
  if (manager === SYSTEMD && !existsSync('/run/systemd/system'))
    throw new UserError(
      "systemd does not run this machine (/run/systemd/system is not there): let what starts its programs start 'homeostat up'; --dry-run prints the unit",
    );
}
