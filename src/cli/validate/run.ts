import { existsSync, lstatSync } from 'node:fs';
import { hostname } from 'node:os';
import { readPayload } from '../../bus/payload.ts';
import {
  type Check,
  check,
  type Kept,
  Validation,
  type ValidationOptions,
  type ValidationReport,
} from '../../dataset/validation.ts';
import { UserError } from '../../lib/errors.ts';
import type { ProcessIdentity } from '../../model/process.ts';
import { EXECUTABLE_STATE, type ProcessEvent } from '../../model/process-event.ts';
import { databasePath } from '../../store/database.ts';
import { logFile } from '../hub-folder.ts';
import { openLog } from '../open-log.ts';
import { showProgress } from '../progress.ts';
import { withHistory } from '../with-history.ts';

export interface ValidateOptions {
  readonly data: string;
  /** ms since the epoch; left out: all that is kept. */
  readonly since: number | undefined;
  readonly host: string | undefined;
  readonly silenceMs: number;
  readonly minValid: number;
  readonly minTypical: number;
}

/** Ids of the log that are not there, of the whole log whatever the period. */
export interface LogGaps {
  readonly missing: number;
  readonly dropped: number;
  readonly unexplained: number;
}

export interface Validated {
  /** What the hub took; undefined where there is no log. */
  readonly bus: (ValidationReport & { readonly log: LogGaps }) | undefined;
  /** What this machine's own history knows of its processes; undefined where there is none, or another host is asked for. */
  readonly store: ValidationReport | undefined;
  readonly passed: boolean;
}

/** Looks at everything that was kept. Throws a UserError where there is neither a log nor a history. */
export async function validate(options: ValidateOptions): Promise<Validated> {
  const here = hostname();
  const hasLog = existsSync(logFile(options.data));
  const hasStore = existsSync(databasePath(options.data));
  if (!hasLog && !hasStore)
    throw new UserError(
      `there is nothing to validate in ${options.data}: neither a log of 'homeostat hub' nor a history of 'homeostat up'; name another folder with --data`,
      1,
    );
  const bus = hasLog ? await validateLog(options, here) : undefined;
  const ofHere = options.host === undefined || options.host === here;
  const store = hasStore && ofHere ? await validateStore(options, here) : undefined;
  const reports = [bus, store].filter((report) => report !== undefined);
  const passed = reports.length > 0 && reports.every(({ checks }) => checks.every((one) => one.passed));
  return { bus, store, passed };
}

async function validateLog(options: ValidateOptions, here: string): Promise<Validated['bus']> {
  const { since, host } = options;
  const log = await openLog(options.data);
  const progress = showProgress('events');
  try {
    const validation = new Validation(settings(options, here));
    const filter = {
      ...(host === undefined ? {} : { source: host }),
      ...(since === undefined ? {} : { receivedFrom: since }),
    };
    for (const { source, timestampNs, receivedAt, bytes, kind } of log.records(0, filter)) {
      const at = Number(timestampNs / 1_000_000n);
      validation.add({
        host: source,
        at,
        receivedAt,
        bytes: bytes.length,
        payload: readPayload(kind, bytes),
      });
      progress.step();
    }
    const { missing, dropped } = log.stats();
    const unexplained = Math.max(0, missing - dropped);
    const report = validation.report();
    const whole: Check = check('ids missing from the log', unexplained, { atMost: 0 });
    return { ...report, log: { missing, dropped, unexplained }, checks: [...report.checks, whole] };
  } finally {
    progress.end();
    log.close();
  }
}

async function validateStore(options: ValidateOptions, here: string): Promise<ValidationReport> {
  const validation = new Validation({ ...settings(options, here), silenceMs: Number.POSITIVE_INFINITY });
  await withHistory(options.data, (history) => {
    for (const { identity, lastAt } of history.processes(options.since ?? 0))
      validation.add(knownProcess(identity, lastAt, here));
  });
  return validation.report();
}

const settings = (options: ValidateOptions, here: string): ValidationOptions => ({
  ...options,
  fileExists: (host, path) => (host === here ? isThere(path) : undefined),
});

/** Programs repeat: a file is asked for once, until there are too many to remember. */
const known = new Map<string, boolean>();
const MOST_KNOWN = 20_000;

function isThere(path: string): boolean {
  let there = known.get(path);
  if (there === undefined) {
    if (known.size >= MOST_KNOWN) known.clear();
    there = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    known.set(path, there);
  }
  return there;
}

/** A process of the history as an event. Its path came from the kernel: a file that is gone now was deleted since. */
function knownProcess(identity: ProcessIdentity, lastAt: number, here: string): Kept {
  const { pid, ppid, executable, args, startedAt, uid, gid, cgroup, containerId } = identity;
  const osType = process.platform === 'win32' ? 'windows' : process.platform;
  const gone = executable !== undefined && containerId === undefined && !isThere(executable);
  const state = executable === undefined ? kindOfUnnamed(identity) : gone ? 'deleted' : undefined;
  const event: ProcessEvent = {
    ...{
      pid,
      ppid,
      executable: executable ?? '',
      args,
      startedNs: BigInt(Math.round(startedAt)) * 1_000_000n,
    },
    ...{ uid: uid ?? 0, gid: gid ?? 0, cgroup: cgroup ?? '', containerId: containerId ?? '', osType },
    osMetadata: state === undefined ? {} : { [EXECUTABLE_STATE]: state },
    ...{ cpuPercent: 0, memoryPercent: 0, rssBytes: 0, vmsBytes: 0, numThreads: 0, status: '' },
  };
  const payload = { kind: 'process', process: event } as const;
  return { host: here, at: lastAt, receivedAt: lastAt, bytes: undefined, payload };
}

/** Kernel threads have no arguments at all; of any other process the path may not have been read. */
const kindOfUnnamed = ({ pid, ppid }: ProcessIdentity): string =>
  pid === 2 || ppid === 2 ? 'kernel_thread' : 'permission';
