import { setTimeout as sleep } from 'node:timers/promises';
import type { Anomaly } from '../../src/model/anomaly.ts';
import type { Daemon } from './daemon.ts';
import { type Fault, namesOneOf, type Scene } from './faults.ts';
import type { Report, Result } from './report.ts';

export interface PlayOptions {
  readonly quietMs: number;
  readonly tell: (line: string) => void;
}

/** What is raised that soon after a fault was ended is still of its making. */
const AFTERMATH_MS = 20_000;

/** Makes each fault in turn with quiet time before each, and hears what Homeostat says. */
export async function play(
  daemon: Daemon,
  scenes: readonly { readonly fault: Fault; readonly scene: Scene }[],
  { quietMs, tell }: PlayOptions,
): Promise<Omit<Report, 'learnedMs'>> {
  const began = Date.now();
  const results: Result[] = [];
  const busy: { kinds: readonly Anomaly['kind'][]; from: number; to: number }[] = [];
  for (const { fault, scene } of scenes) {
    await quiet(daemon, quietMs);
    tell(`${fault.name}: ${fault.what} ...`);
    const from = Date.now();
    results.push(await make(daemon, fault, scene, tell));
    await scene.end();
    busy.push({ kinds: fault.kinds, from, to: Date.now() + AFTERMATH_MS });
  }
  await quiet(daemon, quietMs);
  const all = await daemon.anomalies(began);
  const uncalled = all.filter(
    ({ kind, raisedAt }) =>
      raisedAt >= began &&
      !busy.some((fault) => fault.kinds.includes(kind) && raisedAt >= fault.from && raisedAt <= fault.to),
  );
  const busyMs = busy.reduce((sum, { from, to }) => sum + to - from, 0);
  return { results, quiet: uncalled, quietMs: Math.max(0, Date.now() - began - busyMs) };
}

/** Waits, and on while an anomaly of the machine is open that would hide the next: three times as long at most. */
async function quiet(daemon: Daemon, ms: number): Promise<void> {
  const began = Date.now();
  while (Date.now() - began < 3 * ms) {
    await sleep(1000);
    if (Date.now() - began < ms) continue;
    const open = (await daemon.anomalies(began - 1000)).filter(
      ({ state, kind }) => state === 'open' && kind === 'machine',
    );
    if (open.length === 0) return;
  }
}

async function make(
  daemon: Daemon,
  fault: Fault,
  scene: Scene,
  tell: (line: string) => void,
): Promise<Result> {
  const began = Date.now();
  await scene.begin();
  let caught: Anomaly | undefined;
  let rightAt: number | undefined;
  let others: readonly Anomaly[] = [];
  const end = began + fault.seconds * 1000;
  while (Date.now() < end && rightAt === undefined) {
    await sleep(1000);
    const all = (await daemon.anomalies(began)).filter(({ kind }) => fault.kinds.includes(kind));
    const mine = all.filter(({ raisedAt }) => raisedAt >= began);
    // One that was open already may be what the fault shows in: then its culprit is what tells.
    const right = [...mine, ...all].find((anomaly) => namesOneOf(anomaly, scene.guilty()));
    if (right) rightAt = Date.now();
    caught = right ?? mine[0] ?? caught;
    // The machine may do something else meanwhile: that ends no fault, but it is told.
    others = mine.filter((anomaly) => anomaly !== caught);
  }
  tell(caught ? `  ${caught.severity} ${caught.sentence}` : `  nothing was raised in ${fault.seconds} s`);
  const raisedAt = caught && caught.raisedAt >= began ? caught.raisedAt : rightAt;
  return {
    fault: fault.name,
    what: fault.what,
    caught: caught !== undefined,
    joined: caught !== undefined && caught.raisedAt < began,
    afterSeconds: raisedAt === undefined ? undefined : (raisedAt - began) / 1000,
    culpritAfterSeconds: rightAt === undefined ? undefined : (rightAt - began) / 1000,
    anomaly: caught,
    rightCulprit: rightAt !== undefined,
    others,
  };
}
