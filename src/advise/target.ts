import { shellQuote } from '../lib/shell-quote.ts';
import { printable } from '../lib/text.ts';
import { processName } from '../model/display.ts';
import type { ListedProcess } from '../model/process.ts';
import type { AdviceTarget } from '../model/recommendation.ts';

/** What systemd lets a unit be called (systemd.unit(5)); anything else in a path is no unit. */
const UNIT = /^[A-Za-z0-9:_.\\@-]+\.service$/;
const USER_MANAGER = /\/user@(\d+)\.service\//;

/** A systemd service. */
export interface Unit {
  readonly name: string;
  /** Of a user's own manager. */
  readonly user?: string;
}

/** The service of a cgroup path: the innermost `.service` of it, a user's own where it lies below `user@UID.service`. */
export function unitOf(cgroup: string | undefined): Unit | undefined {
  const name = cgroup?.split('/').findLast((segment) => UNIT.test(segment));
  if (cgroup === undefined || name === undefined || name.startsWith('user@')) return undefined;
  const user = USER_MANAGER.exec(cgroup)?.[1];
  return { name, ...(user !== undefined && { user }) };
}

/** `systemctl VERB UNIT`, of the user's own manager where it is one of those. */
export function systemctl(verb: string, { name, user }: Unit, more = ''): string {
  const manager = user === undefined ? '' : `--machine=${user}@.host --user `;
  return `systemctl ${manager}${verb} -- ${shellQuote(name)}${more}`;
}

/** Text of others between marks that it cannot forge. */
export const quoted = (text: string): string => `\`${printable(text).replaceAll('`', "'")}\``;

const nameOf = (process: ListedProcess): string => quoted(processName(process));

export const subjectOf = (process: ListedProcess): string =>
  `process ${nameOf(process)} (pid ${process.pid})`;

export function targetOf(process: ListedProcess): AdviceTarget {
  const unit = unitOf(process.cgroup);
  return { kind: 'process', id: process.id, pid: process.pid, ...(unit && { unit: unit.name }) };
}

/** How to end a process and have it back: its service starts again, anything else is asked to end. */
export function restart(process: ListedProcess): {
  readonly advice: string;
  readonly command: string;
  readonly undo: string;
} {
  const unit = unitOf(process.cgroup);
  if (unit && process.containerId === undefined)
    return {
      advice: `restart its service ${quoted(unit.name)}`,
      command: systemctl('restart', unit),
      undo: 'nothing to undo: the service runs again; what it had in memory is gone',
    };
  if (process.containerId !== undefined) {
    const id = shellQuote(process.containerId.slice(0, 12));
    return {
      advice: 'restart its container',
      command: `docker restart ${id}`,
      undo: 'nothing to undo: the container runs again; what it had in memory is gone',
    };
  }
  return {
    advice: 'ask it to end',
    command: `kill -TERM ${process.pid}`,
    undo: `start it again: ${startOf(process)}`,
  };
}

/** How it was started, as far as it is known; secrets are redacted already. */
const startOf = ({ executable, invokedAs, name, args }: ListedProcess): string =>
  [executable ?? invokedAs ?? name, ...args].map(shellQuote).join(' ').slice(0, 300);
