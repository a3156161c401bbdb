import { formatValue } from '../../model/display.ts';
import { parseSeriesKey } from '../../model/metric.ts';
import type { Rule } from '../rule.ts';
import { subjectOf, systemctl, targetOf, unitOf } from '../target.ts';

/** A disk is busy for so much of the time, and some task waits for disks for so much of it. */
const BUSY = 0.9;
const WAITING = 0.3;
const LEAST_RATE = 1e6;
const LEAST_SHARE = 0.2;
const MOST = 3;

/** A disk that is always busy while others wait for it: who reads and writes most. */
export const ioSaturation: Rule = {
  name: 'io-saturation',
  advise: ({ metrics, processes }) => {
    const waiting = metrics.get('system.linux.pressure.some{resource=io}') ?? 0;
    const busiest = [...metrics]
      .filter(([key]) => key.startsWith('system.disk.io_time'))
      .sort(([, one], [, other]) => other - one)[0];
    if (!busiest || busiest[1] < BUSY || waiting < WAITING) return [];
    const device = parseSeriesKey(busiest[0])?.attributes['system.device'];
    const rated = processes.map((process) => ({
      process,
      rate: (process.readRate ?? 0) + (process.writeRate ?? 0),
    }));
    const whole = rated.reduce((sum, { rate }) => sum + rate, 0);
    return rated
      .filter(({ rate }) => rate >= LEAST_RATE && rate >= LEAST_SHARE * whole)
      .sort((one, other) => other.rate - one.rate)
      .slice(0, MOST)
      .map(({ process, rate }) => {
        const unit = unitOf(process.cgroup);
        return {
          severity: 'MEDIUM' as const,
          ...{ target: targetOf(process), subject: subjectOf(process) },
          advice: 'Let others go first at the disk: it reads and writes only what they leave.',
          why: `${formatValue(rate, 'By/s')} of ${formatValue(whole, 'By/s')}; ${device === undefined ? 'a disk' : `disk ${device}`} is busy ${formatValue(busiest[1], '1')} of the time, and tasks wait ${formatValue(waiting, '1')} of it`,
          gain: `up to ${formatValue((waiting * rate) / whole, '1')} of the time that tasks wait for disks: its share of what is moved`,
          sure: 'medium' as const,
          because:
            'priorities hold only with the bfq scheduler (IOWeight: bfq or io.cost); else move the work to another hour',
          command: unit
            ? systemctl('set-property --runtime', unit, ' IOWeight=10')
            : `ionice -c 3 -p ${process.pid}`,
          undo: unit
            ? systemctl('set-property --runtime', unit, ' IOWeight=100')
            : `ionice -c 2 -n 4 -p ${process.pid}`,
        };
      });
  },
};
