import { removeProgram } from './program.ts';
import { commandOf, DESCRIPTIONS, PLACES, type ServiceKind, type ServiceSpec, serviceName } from './spec.ts';
import type { Step } from './steps.ts';
import { xmlText } from './xml.ts';

const { data: DATA, logs: LOGS, config: CONFIG } = PLACES.darwin;

/** Accounts for services begin with an underscore there. */
const ACCOUNT = '_homeostat';
/** Of the range that macOS keeps for such accounts: 450 to 499. */
const ACCOUNT_ID = '477';

export const labelOf = (kind: ServiceKind): string => `org.homeostat.${serviceName(kind)}`;

export const plistFile = (kind: ServiceKind): string => `/Library/LaunchDaemons/${labelOf(kind)}.plist`;

/** The property list: see launchd.plist(5). */
export function plistOf(spec: ServiceSpec): string {
  const words = commandOf(spec, PLACES.darwin).map((word) => `    <string>${xmlText(word)}</string>`);
  const name = serviceName(spec.kind);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${xmlText(DESCRIPTIONS[spec.kind])} -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${labelOf(spec.kind)}</string>
  <key>ProgramArguments</key>
  <array>
${words.join('\n')}
  </array>
  <key>UserName</key>
  <string>${ACCOUNT}</string>
  <key>GroupName</key>
  <string>${ACCOUNT}</string>
  <key>WorkingDirectory</key>
  <string>${xmlText(DATA)}</string>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>10</integer>
  <key>ExitTimeOut</key>
  <integer>30</integer>
  <key>ProcessType</key>
  <string>Background</string>
  <key>LowPriorityIO</key>
  <true/>
  <key>Umask</key>
  <integer>23</integer>
  <key>StandardOutPath</key>
  <string>${LOGS}/${name}.out</string>
  <key>StandardErrorPath</key>
  <string>${LOGS}/${name}.err</string>
</dict>
</plist>
`;
}

export function installLaunchd(spec: ServiceSpec, reference: string, start: boolean): Step[] {
  const owner = `${ACCOUNT}:${ACCOUNT}`;
  const account = [
    '-addUser',
    ACCOUNT,
    '-UID',
    ACCOUNT_ID,
    '-shell',
    '/usr/bin/false',
    '-home',
    '/var/empty',
  ];
  return [
    { kind: 'run', command: ['sysadminctl', ...account, '-roleAccount'], mayFail: true },
    { kind: 'run', command: ['dseditgroup', '-o', 'create', ACCOUNT], mayFail: true },
    { kind: 'directory', path: DATA, mode: 0o700, owner },
    { kind: 'directory', path: LOGS, mode: 0o750, owner },
    { kind: 'write', path: CONFIG, mode: 0o640, group: ACCOUNT, text: reference, keep: true },
    { kind: 'run', command: ['launchctl', 'bootout', `system/${labelOf(spec.kind)}`], mayFail: true },
    { kind: 'write', path: plistFile(spec.kind), mode: 0o644, text: plistOf(spec) },
    ...(start
      ? [{ kind: 'run', command: ['launchctl', 'bootstrap', 'system', plistFile(spec.kind)] } as const]
      : []),
  ];
}

export function uninstallLaunchd(kind: ServiceKind, last: boolean, purge: boolean): Step[] {
  const steps: Step[] = [
    { kind: 'run', command: ['launchctl', 'bootout', `system/${labelOf(kind)}`], mayFail: true },
    { kind: 'remove', path: plistFile(kind) },
  ];
  if (!last) return steps;
  steps.push(...removeProgram(PLACES.darwin.program));
  if (!purge) return steps;
  for (const path of [DATA, LOGS]) steps.push({ kind: 'remove', path });
  return [...steps, { kind: 'run', command: ['sysadminctl', '-deleteUser', ACCOUNT], mayFail: true }];
}
