import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../lib/errors.ts';
import { escapeMarkup, printable, truncate } from '../../lib/text.ts';
import type { ChannelContext, Notifier, Outcome, Told } from '../notifier.ts';
import { byWeight, digestTitle, wordsOf } from '../words.ts';

/** A program that shows a note, and its arguments: nothing of it passes through a shell. */
export interface DesktopCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Note {
  readonly title: string;
  readonly body: string;
  readonly urgent: boolean;
}

const MOST_BODY = 600;

/** A note on the desktop of whoever runs Homeostat. A desktop that is not there is no reason to wait for one. */
export class DesktopNotifier implements Notifier {
  readonly name: string;
  readonly #context: ChannelContext;
  readonly #platform: NodeJS.Platform;

  constructor(name: string, context: ChannelContext, platform: NodeJS.Platform = process.platform) {
    this.name = name;
    this.#context = context;
    this.#platform = platform;
  }

  async notify(notices: readonly Told[], signal: AbortSignal): Promise<Outcome> {
    const { env } = this.#context;
    if (this.#platform === 'linux' && !hasSessionBus(env))
      return { kind: 'failed', why: 'there is no desktop session: Homeostat runs outside of one' };
    return await run(desktopCommand(noteOf(notices), this.#platform), env, signal);
  }
}

function hasSessionBus({
  DBUS_SESSION_BUS_ADDRESS: address,
  XDG_RUNTIME_DIR: folder,
}: NodeJS.ProcessEnv): boolean {
  return Boolean(address) || (Boolean(folder) && existsSync(join(folder!, 'bus')));
}

function noteOf(notices: readonly Told[]): Note {
  const sorted = [...notices].sort(byWeight);
  const urgent = sorted.some(({ notice }) => notice.incident.severity === 'HIGH' && notice.what !== 'closed');
  if (sorted.length > 1) {
    const lines = sorted.map((told) => wordsOf(told).title);
    return { title: digestTitle(sorted), body: truncate(lines.join('\n'), MOST_BODY), urgent };
  }
  const { state, host, sentence, culprits } = wordsOf(sorted[0]!);
  return {
    title: `${state} on ${host}`,
    body: truncate([sentence, ...culprits].join('\n'), MOST_BODY),
    urgent,
  };
}

/** What shows a note on each system. Linux: libnotify's own program; its body is markup. */
export function desktopCommand({ title, body, urgent }: Note, platform: NodeJS.Platform): DesktopCommand {
  if (platform === 'darwin') {
    const script = [
      'on run argv',
      'display notification (item 2 of argv) with title (item 1 of argv)',
      'end run',
    ];
    return { file: 'osascript', args: [...script.flatMap((line) => ['-e', line]), '--', title, body] };
  }
  if (platform === 'win32') {
    const args = ['-NoProfile', '-NonInteractive', '-Command', TOAST];
    return { file: 'powershell.exe', args, env: { HOMEOSTAT_TITLE: title, HOMEOSTAT_BODY: body } };
  }
  const level = urgent ? 'critical' : 'normal';
  return {
    file: 'notify-send',
    args: ['--app-name=Homeostat', `--urgency=${level}`, '--', title, escapeMarkup(body)],
  };
}

/** The text comes by the environment, so that nothing of it is ever a script. PowerShell's own id: a toast needs one that is registered. */
const TOAST = `
$null = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$toast = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$texts = $toast.GetElementsByTagName('text')
$null = $texts.Item(0).AppendChild($toast.CreateTextNode($env:HOMEOSTAT_TITLE))
$null = $texts.Item(1).AppendChild($toast.CreateTextNode($env:HOMEOSTAT_BODY))
$id = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($id).Show([Windows.UI.Notifications.ToastNotification]::new($toast))
`;

function run(
  { file, args, env }: DesktopCommand,
  base: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...base, ...env }, signal, windowsHide: true };
    execFile(file, [...args], options, (error, _stdout, stderr) => {
      if (!error) resolve({ kind: 'sent' });
      else if (signal.aborted) reject(signal.reason);
      else if (errorCode(error) === 'ENOENT')
        resolve({ kind: 'failed', why: `${file} is not installed; on Debian it is in libnotify-bin` });
      else
        resolve({
          kind: 'failed',
          why: `${file}: ${printable(truncate(stderr.trim() || `exit ${error.code}`, 200))}`,
        });
    });
  });
}
