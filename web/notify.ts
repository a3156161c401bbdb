import { signal } from '@preact/signals';
import { printable } from '../src/lib/text.ts';
import type { Incident } from '../src/model/incident.ts';
import { HOST } from './api.ts';
import { status } from './state.ts';

const KEY = 'homeostat-notifications';

/** Whether this browser tells of what opens; it asks the person before the first time. */
export const notifying = signal(
  'Notification' in globalThis && Notification.permission === 'granted' && localStorage.getItem(KEY) === 'on',
);

/** Only a page that was reached by HTTPS or on this machine may; elsewhere there is nothing to turn on. */
export const canNotify = isSecureContext && 'Notification' in globalThis && 'serviceWorker' in navigator;

export async function toggleNotifications(): Promise<void> {
  const wanted = !notifying.peek() && (await Notification.requestPermission()) === 'granted';
  notifying.value = wanted;
  if (wanted) localStorage.setItem(KEY, 'on');
  else localStorage.removeItem(KEY);
}

/** Makes the page an app that can be installed, and opens where Homeostat does not answer. */
export function beInstallable(): void {
  if (isSecureContext && 'serviceWorker' in navigator)
    void navigator.serviceWorker.register('service-worker.js');
}

/** Tells of an incident that opened: never of a LOW one, of one that is usual, nor of one whose model had not seen enough. */
export async function tell(incident: Incident): Promise<void> {
  const { id, severity, state, provisional, expected, sentence } = incident;
  if (!notifying.peek() || state !== 'open') return;
  if (severity === 'LOW' || provisional || expected !== undefined) return;
  const registration = await navigator.serviceWorker.ready;
  const host = printable(status.peek()?.host.name ?? '');
  const query = new URLSearchParams({
    ...(HOST !== undefined && { host: HOST }),
    page: 'incidents',
    incident: id,
  });
  await registration.showNotification(`${severity} · ${host}`, {
    body: printable(sentence),
    // What is told again of the same incident replaces what was told before.
    tag: id,
    icon: 'icon.svg',
    data: { url: `./?${query}` },
  });
}
