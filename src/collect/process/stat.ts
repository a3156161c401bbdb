import { readInt, skipTokens } from '../bytes.ts';

/** Positions of numbers in `Stat.values`: the field numbers of proc_pid_stat(5). */
export const PPID = 4;
export const FLAGS = 9;
export const MINOR_FAULTS = 10;
export const MAJOR_FAULTS = 12;
export const USER_TIME = 14;
export const SYSTEM_TIME = 15;
export const CHILD_USER_TIME = 16;
export const CHILD_SYSTEM_TIME = 17;
export const THREADS = 20;
/** Clock ticks after the boot. */
export const START_TIME = 22;
/** Bytes. */
export const VIRTUAL_SIZE = 23;
/** Pages. */
export const RSS = 24;
/** Address of the stack's bottom: 0 in a kernel thread, in the middle of exec, and where ptrace(2) is not permitted. */
export const START_STACK = 28;

const FIRST = PPID;
const LAST = START_STACK;

/** One /proc/PID/stat, parsed. Reused from process to process. */
export interface Stat {
  /** The state's letter as a byte. */
  state: number;
  /** Where comm lies in the buffer, without its parentheses. */
  commStart: number;
  commEnd: number;
  /** By field number; times in clock ticks. */
  readonly values: Float64Array;
}

export const createStat = (): Stat => ({
  state: 0,
  commStart: 0,
  commEnd: 0,
  values: new Float64Array(LAST + 1),
});

const OPEN = 40;
const CLOSE = 41;

/**
 * Parses `length` bytes of /proc/PID/stat into `stat`; false where they are not such a file.
 * comm is whatever the process chose, parentheses, spaces and newlines included: it ends at the LAST parenthesis of
 * the file, because behind it are only numbers and the state's letter.
 */
export function parseStat(buffer: Buffer, length: number, stat: Stat): boolean {
  const open = buffer.indexOf(OPEN);
  if (open < 0 || open >= length) return false;
  let close = length - 1;
  while (close > open && buffer[close] !== CLOSE) close--;
  if (close === open) return false;
  stat.commStart = open + 1;
  stat.commEnd = close;
  stat.state = buffer[close + 2]!;
  let position = skipTokens(buffer, close + 2);
  for (let field = FIRST; field <= LAST; field++) {
    stat.values[field] = readInt(buffer, position);
    position = skipTokens(buffer, position);
  }
  // A file cut short ends in no number: nothing of it is believed.
  return !Number.isNaN(stat.values[LAST]!) && position <= length;
}
