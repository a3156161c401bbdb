import * as v from 'valibot';
import { section, setting } from '../lib/setting.ts';

const PROCESSES_HELP = 'a whole number of processes from 0 to 200';

/** What is told to others, and how. */
export const exportersSchema = v.strictObject({
  prometheus: section({
    processes: setting(
      'So many of the busiest and of the largest processes are on /metrics, 0 to 200; each one that comes makes new series (docs/exporters.md).',
      v.pipe(
        v.number(PROCESSES_HELP),
        v.integer(PROCESSES_HELP),
        v.minValue(0, PROCESSES_HELP),
        v.maxValue(200, PROCESSES_HELP),
      ),
      0,
    ),
  }),
});

export type ExporterSettings = v.InferOutput<typeof exportersSchema>;
