import { createHash } from 'node:crypto';
import type { Severity } from '../model/anomaly.ts';
import { processName } from '../model/display.ts';
import type { Incident } from '../model/incident.ts';
import { parseSeriesKey } from '../model/metric.ts';
import type { ListedProcess } from '../model/process.ts';
import type { Advice, AdviceTarget, Recommendation, TopConsumer } from '../model/recommendation.ts';
import { RULES } from './rules/index.ts';
import type { Situation } from './situation.ts';

const RANK: Readonly<Record<Severity, number>> = { HIGH: 0, MEDIUM: 1, LOW: 2 };
const SURE = { high: 0, medium: 1, low: 2 };
/** Of each resource. */
const MOST_TOP = 3;

/** What could be done now, the gravest first. Nothing of it is done. */
export function advise(situation: Situation): Advice {
  const recommendations = RULES.flatMap((rule) =>
    rule.advise(situation).map(
      (draft): Recommendation => ({
        id: idOf(rule.name, draft.target),
        rule: rule.name,
        ...draft,
      }),
    ),
  ).sort((one, other) => RANK[one.severity] - RANK[other.severity] || SURE[one.sure] - SURE[other.sure]);
  return { at: situation.at, recommendations, top: topConsumers(situation.processes) };
}

/** Those of them that are about what an incident is about: one of its processes, its file system, or what is short. */
export function recommendationsFor(incident: Incident, situation: Situation): readonly Recommendation[] {
  const ids = new Set(incident.culprits.map(({ id }) => id));
  const known = incident.metrics.flatMap(({ metric }) => parseSeriesKey(metric) ?? []);
  const mounts = new Set(known.map(({ attributes }) => attributes['system.filesystem.mountpoint']));
  const groups = new Set(known.map(({ definition }) => definition.group as string));
  return advise(situation).recommendations.filter(({ target, rule }) => {
    if (target.kind === 'process' && ids.has(target.id)) return true;
    if (target.kind === 'filesystem') return mounts.has(target.mount);
    return (ABOUT[rule] ?? []).some((group) => groups.has(group));
  });
}

/** What a rule of no single process is about, by groups of metrics. */
const ABOUT: Readonly<Partial<Record<string, readonly string[]>>> = {
  'cpu-hog': ['cpu', 'load'],
  oversubscribed: ['cpu', 'load', 'pressure'],
  'memory-pressure': ['memory', 'pressure'],
  'swap-thrash': ['memory', 'pressure'],
  'io-saturation': ['disk', 'pressure'],
  'hot-interface': ['network'],
  'fork-storm': ['process', 'load'],
  descriptors: ['process'],
};

function idOf(rule: string, target: AdviceTarget): string {
  return createHash('sha256')
    .update(`${rule}\n${JSON.stringify(target)}`)
    .digest('hex')
    .slice(0, 12);
}

const RESOURCES: Readonly<Record<TopConsumer['resource'], (process: ListedProcess) => number | undefined>> = {
  cpu: ({ cpu }) => cpu,
  memory: ({ rss }) => rss,
  disk: ({ readRate = 0, writeRate = 0 }) => readRate + writeRate,
  files: ({ openFiles }) => openFiles,
};

function topConsumers(processes: readonly ListedProcess[]): readonly TopConsumer[] {
  return (Object.keys(RESOURCES) as TopConsumer['resource'][]).flatMap((resource) =>
    processes
      .map((process) => ({ process, amount: RESOURCES[resource](process) ?? 0 }))
      .filter(({ amount }) => amount > 0)
      .sort((one, other) => other.amount - one.amount)
      .slice(0, MOST_TOP)
      .map(({ process, amount }) => ({
        ...{ resource, id: process.id, pid: process.pid, name: processName(process), amount },
      })),
  );
}
