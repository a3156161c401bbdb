import * as v from 'valibot';

const PROCESSES_HELP = 'a whole number of processes from 0 to 200';

/** What is told to others, and how. */
export const exportersSchema = v.strictObject({
  prometheus: v.optional(
    v.strictObject({
      /** So many of the processes that use most CPU, and most memory, are on the page. Each one that comes makes new series. */
      processes: v.optional(
        v.pipe(
          v.number(PROCESSES_HELP),
          v.integer(PROCESSES_HELP),
          v.minValue(0, PROCESSES_HELP),
          v.maxValue(200, PROCESSES_HELP),
        ),
        0,
      ),
    }),
    {},
  ),
});

export type ExporterSettings = v.InferOutput<typeof exportersSchema>;
