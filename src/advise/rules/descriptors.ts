import { formatValue } from '../../model/display.ts';
import type { Draft, Rule } from '../rule.ts';
import { quoted, subjectOf, targetOf, unitOf } from '../target.ts';

const NEARLY = 0.8;
const ALMOST = 0.95;
/** A process with fewer is far from any usual limit: its own is not even read. */
const LEAST = 48;

/** A process near its limit of open files, or the machine near its own. */
export const descriptors: Rule = {
  name: 'descriptors',
  advise: (situation) => {
    const machine = situation.metrics.get('system.linux.file_handles.utilization') ?? 0;
    const ofProcesses = situation.processes.flatMap((process): Draft[] => {
      const { openFiles = 0, pid, cgroup } = process;
      const limit = openFiles >= LEAST ? situation.fileLimit(pid) : undefined;
      if (!limit || openFiles < NEARLY * limit.soft) return [];
      const most = Math.min(2 * limit.soft, limit.hard);
      const unit = unitOf(cgroup);
      const isBound = most <= limit.soft;
      return [
        {
          severity: openFiles >= ALMOST * limit.soft ? 'HIGH' : 'MEDIUM',
          ...{ target: targetOf(process), subject: subjectOf(process) },
          advice: `See whether it forgets to close files; raise its limit meanwhile${unit ? `, for good with LimitNOFILE= of ${quoted(unit.name)}` : ''}.`,
          why: `${openFiles} of at most ${limit.soft} files are open`,
          gain: isBound
            ? 'none without root: its hard limit is reached as well'
            : `room for ${most - openFiles} more: the new limit less what is open`,
          sure: 'high',
          because: 'at the limit every open, accept and fork of it with a new file fails',
          command: `prlimit --pid ${pid} --nofile=${isBound ? `${2 * limit.soft}:${2 * limit.hard}` : `${most}:${limit.hard}`}`,
          undo: `prlimit --pid ${pid} --nofile=${limit.soft}:${limit.hard}`,
        },
      ];
    });
    return machine < NEARLY ? ofProcesses : [...ofProcesses, ofMachine(machine)];
  },
};

const ofMachine = (share: number): Draft => ({
  severity: 'HIGH',
  target: { kind: 'machine' },
  subject: 'open files of the machine',
  advice:
    'Raise the bound of the kernel, and see who has so many open: the list of top consumers names them.',
  why: `${formatValue(share, '1')} of the files that the kernel opens at most are open`,
  gain: 'twice the room: the bound is doubled',
  sure: 'high',
  because: 'at the bound no process can open anything',
  command: 'sysctl -w fs.file-max=$(( 2 * $(cat /proc/sys/fs/file-max) ))',
  undo: 'sysctl -w fs.file-max=$(( $(cat /proc/sys/fs/file-max) / 2 ))',
});
