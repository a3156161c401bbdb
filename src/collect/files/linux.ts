import type { BlindSpot } from '../../model/coverage.ts';
import { type Metric, series } from '../../model/metric.ts';
import { readOrBlind } from '../blind.ts';
import { readUint } from '../bytes.ts';
import type { Collection, Collector } from '../collector.ts';
import { pushGauge } from '../counter.ts';
import type { Host } from '../host.ts';

const FILE_NR = '/proc/sys/fs/file-nr';
const FILE_HANDLES = series('system.linux.file_handles');

/** Open files of the machine: the first number of /proc/sys/fs/file-nr (Documentation/admin-guide/sysctl/fs.rst). */
export function createFilesCollector(): Collector {
  return {
    name: 'files',
    platforms: ['linux'],
    async collect(host: Host): Promise<Collection> {
      const metrics: Metric[] = [];
      const blind: BlindSpot[] = [];
      if (readOrBlind(host, FILE_NR, blind) > 0) pushGauge(metrics, FILE_HANDLES, readUint(host.buffer, 0));
      return { metrics, blind };
    },
  };
}
