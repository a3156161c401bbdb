import { formatValue, processName } from '../../model/display.ts';
import type { ListedProcess } from '../../model/process.ts';
import type { Rule } from '../rule.ts';
import type { Situation } from '../situation.ts';
import { quoted, subjectOf, systemctl, targetOf, unitOf } from '../target.ts';

/** The machine is short of CPU from here on: in use, or some task waits for so much of the time. */
const BUSY = 0.8;
const WAITING = 0.3;
/** Of a core, over the last minutes. */
const HOG = 0.7;
const LEAST_MINUTES = 3;
const MOST = 5;

/** Programs whose work may take longer without harm. */
const BATCH =
  /^(?:make|gmake|ninja|cmake|cc1|cc1plus|gcc|g\+\+|clang(?:\+\+)?|rustc|cargo|go|javac|tsc|ld|lld|xz|zstd|gzip|bzip2|7z|tar|rsync|restic|borg|duplicity|pg_dump|mysqldump|ffmpeg|updatedb|find|dpkg|apt|apt-get|dnf|yum|unattended-upgr|npm|esbuild|webpack|pytest|convert|blender)$/;

/** Who takes a core for minutes while others wait for one: work that can wait is told from a service. */
export const cpuHog: Rule = {
  name: 'cpu-hog',
  advise: (situation) => {
    const busy = situation.metrics.get('system.cpu.utilization') ?? 0;
    const waiting = situation.metrics.get('system.linux.pressure.some{resource=cpu}') ?? 0;
    if (busy < BUSY && waiting < WAITING) return [];
    return situation.processes
      .map((process) => ({ process, cores: meanCores(process, situation) }))
      .filter(({ cores }) => cores >= HOG)
      .sort((one, other) => other.cores - one.cores)
      .slice(0, MOST)
      .map(({ process, cores }) => ({
        ...{ target: targetOf(process), subject: subjectOf(process) },
        why: `${formatValue(cores, '1')} of a core over the last minutes, of ${situation.cpus} cores that are ${formatValue(busy, '1')} in use`,
        ...(isBatch(process) ? later(process, cores) : look(process, cores)),
      }));
  },
};

/** Over the latest ten minutes; NaN where it was not seen for long enough. */
function meanCores({ id }: ListedProcess, { past }: Situation): number {
  const minutes = past(id)
    .slice(-10)
    .filter(({ cpu }) => !Number.isNaN(cpu));
  if (minutes.length < LEAST_MINUTES) return Number.NaN;
  return minutes.reduce((sum, { cpu }) => sum + cpu, 0) / minutes.length;
}

const isBatch = (process: ListedProcess): boolean =>
  BATCH.test(process.name) || BATCH.test(processName(process).split(' ')[0]!);

function later(process: ListedProcess, cores: number) {
  const unit = unitOf(process.cgroup);
  const command = unit
    ? systemctl('set-property --runtime', unit, ' CPUWeight=20')
    : `renice -n 19 -p ${process.pid}`;
  return {
    severity: 'LOW' as const,
    advice: 'It is work that can wait: let all others go first; it still takes what is left over.',
    gain: `up to ${formatValue(cores, '1')} of a core for others, while they want it: what it takes now`,
    sure: 'high' as const,
    because: 'it is known to be a build, an archive or a copy; a lower weight only makes it slower',
    command,
    undo: unit
      ? systemctl('set-property --runtime', unit, ' CPUWeight=100')
      : `renice -n 0 -p ${process.pid}`,
  };
}

function look(process: ListedProcess, cores: number) {
  const unit = unitOf(process.cgroup);
  return {
    severity: 'MEDIUM' as const,
    advice: `Look at what it does before anything else: ${unit ? `it is the service ${quoted(unit.name)}` : 'it may be somebody at work'}, and it may just have much to do.`,
    gain: `at most ${formatValue(cores, '1')} of a core: all that it takes`,
    sure: 'low' as const,
    because: 'what takes CPU is not told from what is stuck in a loop; its log, and its threads, tell',
    command: `top -H -b -n 1 -p ${process.pid} | head -n 30${unit && !unit.user ? `; journalctl -n 50 -u ${unit.name.replaceAll('\\', '\\\\')}` : ''}`,
    undo: 'nothing to undo: it only looks',
  };
}
