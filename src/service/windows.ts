import { commandOf, DESCRIPTIONS, PLACES, type ServiceKind, type ServiceSpec, serviceName } from './spec.ts';
import type { Step } from './steps.ts';
import { xmlText } from './xml.ts';

const { data: DATA, logs: LOGS, config: CONFIG } = PLACES.win32;

/** `NT AUTHORITY\LocalService`: no password, no rights on the network, few on the machine. */
const LOCAL_SERVICE = 'S-1-5-19';

export const taskFile = (kind: ServiceKind): string => `${DATA}\\${serviceName(kind)}.task.xml`;

/**
 * A task that starts with the machine. The service control manager wants a program that answers it within seconds in a protocol of its
 * own, which Node does not speak; the task scheduler starts any program as a service account, without a session, and again after a failure.
 */
export function taskOf(spec: ServiceSpec): string {
  const [command, ...args] = commandOf(spec, PLACES.win32);
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>${xmlText(DESCRIPTIONS[spec.kind])}</Description>
  </RegistrationInfo>
  <Triggers>
    <BootTrigger />
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${LOCAL_SERVICE}</UserId>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>5</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${xmlText(quotedWord(command!))}</Command>
      <Arguments>${xmlText(args.map(quotedWord).join(' '))}</Arguments>
      <WorkingDirectory>${xmlText(DATA)}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
`;
}

/** As CommandLineToArgvW reads it: a quote, and backslashes before one, are escaped. */
const quotedWord = (word: string): string =>
  /^[^\s"]+$/.test(word) ? word : `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;

export function installWindows(spec: ServiceSpec, reference: string, start: boolean): Step[] {
  const name = serviceName(spec.kind);
  // Its folders are for the service, the system and administrators alone.
  const grants = [`*${LOCAL_SERVICE}`, '*S-1-5-18', '*S-1-5-32-544'].flatMap((who) => [
    '/grant',
    `${who}:(OI)(CI)F`,
  ]);
  return [
    { kind: 'directory', path: DATA, mode: 0o700 },
    { kind: 'directory', path: LOGS, mode: 0o750 },
    { kind: 'run', command: ['icacls', DATA, '/inheritance:r', ...grants] },
    { kind: 'write', path: CONFIG, mode: 0o640, text: reference, keep: true },
    // The byte order mark tells the scheduler which encoding it is.
    { kind: 'write', path: taskFile(spec.kind), mode: 0o640, text: taskOf(spec), utf16: true },
    { kind: 'run', command: ['schtasks', '/Create', '/F', '/TN', name, '/XML', taskFile(spec.kind)] },
    ...(start ? [{ kind: 'run', command: ['schtasks', '/Run', '/TN', name] } as const] : []),
  ];
}

export function uninstallWindows(kind: ServiceKind, last: boolean, purge: boolean): Step[] {
  const steps: Step[] = [
    { kind: 'run', command: ['schtasks', '/End', '/TN', serviceName(kind)], mayFail: true },
    { kind: 'run', command: ['schtasks', '/Delete', '/F', '/TN', serviceName(kind)], mayFail: true },
    { kind: 'remove', path: taskFile(kind) },
  ];
  if (!last) return steps;
  steps.push({ kind: 'remove', path: PLACES.win32.program });
  return purge ? [...steps, { kind: 'remove', path: DATA }] : steps;
}
