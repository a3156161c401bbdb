import type { BlindSpot } from '../../model/coverage.ts';
import { type Metric, series } from '../../model/metric.ts';
import { readOrBlind } from '../blind.ts';
import { readUint, skipTokens } from '../bytes.ts';
import type { Collection, Collector } from '../collector.ts';
import { pushGauge } from '../counter.ts';
import type { Host } from '../host.ts';

const FILE_NR = '/proc/sys/fs/file-nr';
const FILE_HANDLES = series('system.linux.file_handles');
const UTILIZATION = series('system.linux.file_handles.utilization');
/** systemd sets the bound to the largest number there is: a share of that says nothing. */
const NO_BOUND = 1e12;

/** Open files of the machine and of how many at most: the first and third number of /proc/sys/fs/file-nr (Documentation/admin-guide/sysctl/fs.rst). */
export function createFilesCollector(): Collector {
  return {
    name: 'files',
    platforms: ['linux'],
    async collect(host: Host): Promise<Collection> {
      const metrics: Metric[] = [];
      const blind: BlindSpot[] = [];
      if (readOrBlind(host, FILE_NR, blind) > 0) {
        const open = readUint(host.buffer, 0);
        const most = readUint(host.buffer, skipTokens(host.buffer, 0, 2));
        pushGauge(metrics, FILE_HANDLES, open);
        if (most < NO_BOUND) pushGauge(metrics, UTILIZATION, open / most);
      }
      return { metrics, blind };
    },
  };
}
