import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';
import { printable } from '../../lib/text.ts';
import { FollowedFile } from '../../service/follow-file.ts';
import { managerFor } from '../../service/manager.ts';
import type { LogsOptions } from '../commands/service.ts';
import { stopSignal } from '../stop-signal.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'];
const LOOK_MS = 500;

/** `homeostat service logs`. */
export async function logs(options: LogsOptions): Promise<void> {
  const least = LEVELS.indexOf(options.level);
  if (least < 0) throw new UserError(`'${options.level}' is not one of ${LEVELS.join(', ')}; see --level`);
  const name = options.hub ? 'hub.log' : options.anomalies ? 'anomalies.json' : 'daemon.log';
  const file = open(join(options.logs ?? managerFor(process.platform).places.logs, name));
  const show = (lines: readonly string[]): void => {
    for (const line of lines) {
      const shown = options.json ? line : render(line, least);
      if (shown !== undefined) console.log(printable(shown));
    }
  };
  show(file.last(options.lines));
  if (options.follow) {
    let over = false;
    stopSignal().then(() => {
      over = true;
    });
    for (; !over; await sleep(LOOK_MS)) show(file.next());
  }
  file.close();
}

function open(path: string): FollowedFile {
  try {
    return new FollowedFile(path);
  } catch (error) {
    const code = errorCode(error);
    throw new UserError(
      code === 'ENOENT'
        ? `${path} is not there: no service has logged yet; --logs names another folder, such as the data folder of 'homeostat up'`
        : `${path} cannot be read (${code ?? errorMessage(error)}); read it as root, or as a member of the group homeostat`,
      1,
    );
  }
}

/** A line for a person; undefined where it is less than was asked for. What is no JSON is shown as it is. */
function render(line: string, least: number): string | undefined {
  let entry: Readonly<Record<string, unknown>>;
  try {
    entry = JSON.parse(line) as typeof entry;
  } catch {
    return line;
  }
  // An anomaly has its sentence, and its severity.
  const { level, time, msg, sentence, severity, closedAt, raisedAt, ...rest } = entry;
  if (typeof sentence === 'string')
    return `${new Date(Number(closedAt ?? raisedAt)).toISOString()} ${String(severity).padEnd(8)} ${entry.state === 'closed' ? 'closed: ' : ''}${sentence}`;
  if (LEVELS.indexOf(String(level)) < least) return undefined;
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${time} ${String(level).padEnd(5)} ${[msg, ...fields].join('  ')}`;
}
