import type { Timers } from '../lib/timers.ts';
import type { Metric } from '../model/metric.ts';
import type { Host } from './host.ts';
import type { Runner } from './runner.ts';

/**
 * Asks every runner once and calls `done` once, with all that was answered by the deadline (ms).
 *
 * They are asked one after the other, so that each one's duration is its own; but who waits for something is not waited
 * for: the next one is asked at the next turn of the event loop. Who still owes an answer at the deadline is late.
 */
export function askAll(
  runners: readonly Runner[],
  host: Host,
  timers: Timers,
  deadline: number,
  done: (metrics: readonly Metric[]) => void,
): void {
  const metrics: Metric[] = [];
  let asked = 0;
  let answered = 0;
  let open = true;
  let stopPushing = (): void => undefined;
  let stopWaiting = (): void => undefined;

  const end = (): void => {
    open = false;
    stopPushing();
    stopWaiting();
    done(metrics);
  };
  const askNext = (): void => {
    const index = asked++;
    runners[index]?.run(host, (answer) => {
      if (!open) return;
      for (const metric of answer) metrics.push(metric);
      answered++;
      if (answered === runners.length) end();
      else if (asked === index + 1) askNext();
    });
  };
  const push = (): void => {
    if (asked >= runners.length) return;
    askNext();
    stopPushing = timers.after(0, push);
  };

  if (runners.length === 0) {
    done(metrics);
    return;
  }
  stopWaiting = timers.after(deadline, () => {
    for (const runner of runners) if (runner.pending) runner.isLate();
    end();
  });
  push();
}
