/** What runs as a service: all of this machine, the same with a hub that is told, or the hub. */
export type ServiceKind = 'up' | 'agent' | 'hub';

/** A service to be installed. */
export interface ServiceSpec {
  readonly kind: ServiceKind;
  /** The runtime and what it runs: `/usr/bin/node`, `/usr/lib/node_modules/homeostat/bin/homeostat.mjs`. */
  readonly program: readonly string[];
  /** What the person adds to the command line. */
  readonly args: readonly string[];
  readonly version: string;
}

/** Where things are on a platform. */
export interface Places {
  readonly data: string;
  readonly logs: string;
  readonly config: string;
  /** Where the program is copied to, if a service cannot reach it where it is. */
  readonly program: string;
}

export const PLACES = {
  linux: {
    data: '/var/lib/homeostat',
    logs: '/var/log/homeostat',
    config: '/etc/homeostat/homeostat.yaml',
    program: '/usr/local/lib/homeostat',
  },
  darwin: {
    data: '/Library/Application Support/homeostat',
    logs: '/var/log/homeostat',
    config: '/Library/Application Support/homeostat/homeostat.yaml',
    program: '/usr/local/lib/homeostat',
  },
  win32: {
    data: 'C:\\ProgramData\\homeostat',
    logs: 'C:\\ProgramData\\homeostat\\logs',
    config: 'C:\\ProgramData\\homeostat\\homeostat.yaml',
    program: 'C:\\Program Files\\homeostat',
  },
} as const satisfies Readonly<Record<string, Places>>;

/** The user, and the group, that it runs as where it has one of its own. */
export const USER = 'homeostat';

/** The service manager's name for it: the hub may run beside what watches the machine. */
export const serviceName = (kind: ServiceKind): string => (kind === 'hub' ? 'homeostat-hub' : 'homeostat');

/** The command line that the service manager starts. */
export function commandOf({ kind, program, args }: ServiceSpec, { data, logs, config }: Places): string[] {
  return [...program, kind, '--data', data, '--logs', logs, '--config', config, ...args];
}

export const DESCRIPTIONS: Readonly<Record<ServiceKind, string>> = {
  up: 'Homeostat, which learns what is normal for this machine',
  agent: 'Homeostat, which learns what is normal for this machine and tells a hub',
  hub: 'Hub of Homeostat, which keeps what its hosts tell',
};
