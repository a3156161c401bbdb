import { removeProgram } from './program.ts';
import {
  commandOf,
  DESCRIPTIONS,
  PLACES,
  type ServiceKind,
  type ServiceSpec,
  serviceName,
  USER,
} from './spec.ts';
import type { Step } from './steps.ts';

const { data: DATA, logs: LOGS, config: CONFIG } = PLACES.linux;

export const unitFile = (kind: ServiceKind): string => `/etc/systemd/system/${serviceName(kind)}.service`;

const SYSUSERS = '/etc/sysusers.d/homeostat.conf';

/** No ping for so long, and it is started again, s. */
const WATCHDOG_S = 60;

/**
 * The unit. Each line of hardening was held against what the collectors read (docs/service.md): ProtectHome=read-only and not yes, as a
 * disk under /home would be unseen; no PrivateNetwork, as the network's counters are the namespace's; no PrivateUsers, as a capability
 * would be worth nothing; no MemoryDenyWriteExecute, as the runtime compiles while it runs.
 */
export function unitOf(spec: ServiceSpec): string {
  const command = commandOf(spec, PLACES.linux).map(quoted).join(' ');
  const isHub = spec.kind === 'hub';
  const reload = [...spec.program, 'config', 'reload', '--data', DATA, ...(isHub ? ['--hub'] : [])];
  // Of somebody else's process: its executable, by which its kind is known.
  const capabilities = isHub ? '' : 'CAP_SYS_PTRACE';
  return `# Written by 'homeostat service install' ${spec.version}; 'systemctl edit ${serviceName(spec.kind)}' changes what holds here.
[Unit]
Description=${DESCRIPTIONS[spec.kind]}
Documentation=file://${spec.program.at(-1)!.replace(/bin\/[^/]*$/, 'docs/service.md')}
After=${spec.kind === 'up' ? 'local-fs.target time-sync.target' : 'network-online.target local-fs.target time-sync.target'}
${spec.kind === 'up' ? '' : 'Wants=network-online.target\n'}StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
ExecStart=${command}
ExecReload=${reload.map(quoted).join(' ')}
WatchdogSec=${WATCHDOG_S}
TimeoutStartSec=90
TimeoutStopSec=30
Restart=on-failure
RestartSec=5
# A wrong configuration does not become right by itself.
RestartPreventExitStatus=2

User=${USER}
Group=${USER}
UMask=0027
WorkingDirectory=${DATA}
StateDirectory=homeostat
StateDirectoryMode=0700
LogsDirectory=homeostat
LogsDirectoryMode=0750
ConfigurationDirectory=homeostat
ConfigurationDirectoryMode=0755
StandardOutput=journal
StandardError=journal
LimitCORE=0
LimitNOFILE=65536
TasksMax=64
MemoryMax=1G
CPUWeight=50
IOWeight=50

CapabilityBoundingSet=${capabilities}
AmbientCapabilities=${capabilities}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateMounts=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=default
ProcSubset=all
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
# What the capability must not be used for: to read or change the memory of another process.
SystemCallFilter=~@debug @mount @privileged process_vm_readv process_vm_writev kcmp pidfd_getfd
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

/** A word of a command line in a unit: percent and dollar signs have a meaning there. */
function quoted(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** What makes the service, in order. `reference`: the configuration file with every setting commented out. */
export function installSystemd(spec: ServiceSpec, reference: string, start: boolean): Step[] {
  const name = `${serviceName(spec.kind)}.service`;
  return [
    {
      ...{ kind: 'write', path: SYSUSERS, mode: 0o644 },
      text: `u ${USER} - "Homeostat" ${DATA} /usr/sbin/nologin\n`,
    },
    { kind: 'run', command: ['systemd-sysusers', SYSUSERS] },
    { kind: 'directory', path: '/etc/homeostat', mode: 0o755 },
    // Secrets may be written into it.
    { kind: 'write', path: CONFIG, mode: 0o640, group: USER, text: reference, keep: true },
    { kind: 'write', path: unitFile(spec.kind), mode: 0o644, text: unitOf(spec) },
    { kind: 'run', command: ['systemctl', 'daemon-reload'] },
    { kind: 'run', command: ['systemctl', 'enable', name] },
    ...(start ? [{ kind: 'run', command: ['systemctl', 'restart', name] } as const] : []),
  ];
}

/** What takes the service away. `last`: no other service of Homeostat remains; `purge`: data, logs, configuration and the user go as well. */
export function uninstallSystemd(kind: ServiceKind, last: boolean, purge: boolean): Step[] {
  const name = `${serviceName(kind)}.service`;
  const steps: Step[] = [
    { kind: 'run', command: ['systemctl', 'disable', '--now', name], mayFail: true },
    { kind: 'remove', path: unitFile(kind) },
    { kind: 'run', command: ['systemctl', 'daemon-reload'] },
    { kind: 'run', command: ['systemctl', 'reset-failed', name], mayFail: true },
  ];
  if (!last) return steps;
  steps.push(...removeProgram(PLACES.linux.program));
  if (!purge) return steps;
  for (const path of [DATA, LOGS, '/etc/homeostat', SYSUSERS]) steps.push({ kind: 'remove', path });
  return [...steps, { kind: 'run', command: ['userdel', USER], mayFail: true }];
}
