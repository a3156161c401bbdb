import { formatValue } from '../src/model/display.ts';
import { DAY } from './state.ts';

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const MINUTES = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const WHOLE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export const clockTime = (at: number): string => CLOCK.format(at);
export const fullTime = (at: number): string => WHOLE.format(at);

/** `14:03` today, `3 Mar 14:03` before. */
export function shortTime(at: number, now: number): string {
  const today = now - at < DAY && new Date(at).getDate() === new Date(now).getDate();
  return today ? MINUTES.format(at) : `${DATE.format(at)} ${MINUTES.format(at)}`;
}

/** Ticks of a time axis: seconds, minutes or days, whatever the distance of two of them needs; the date where it turns. */
export function tickTimes(ticks: readonly number[], incrementMs: number): string[] {
  return ticks.map((at) => {
    if (incrementMs >= DAY) return DATE.format(at);
    const time = (incrementMs < 60_000 ? CLOCK : MINUTES).format(at);
    return time.startsWith('00:00') ? DATE.format(at) : time;
  });
}

const NARROWEST_AXIS = 58;

/** Room for the labels of a vertical axis, px: all charts are alike, but none cuts a label. `widthOf` measures a text. */
export const axisWidth = (
  labels: readonly string[],
  gap: number,
  widthOf: (text: string) => number,
): number => Math.max(NARROWEST_AXIS, ...labels.map((label) => Math.ceil(widthOf(label)) + gap));

export const percent = (share: number): string => formatValue(share, '1');
export const optional = (value: number | null | undefined, unit: string): string =>
  value == null ? '–' : formatValue(value, unit);
