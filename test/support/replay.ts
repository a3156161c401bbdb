import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from '../../src/agent/agent.ts';
import { MachineScorer } from '../../src/agent/machine-scorer.ts';
import { AnomalyJournal } from '../../src/alert/journal.ts';
import { Profiles } from '../../src/alert/profiles/profiles.ts';
import { DEFAULT_DETECTORS } from '../../src/detect/registry.ts';
import { train } from '../../src/learn/train.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';
import { FEATURES } from '../../src/model/features.ts';
import type { Tick } from '../../src/model/metric.ts';
import { openStore } from '../../src/store/store.ts';
import { DEFAULT_LIMITS } from './limits.ts';

/** What the product raised, each anomaly as it was last. */
export interface Replayed {
  readonly anomalies: readonly Anomaly[];
  /** Rows that were scored. */
  readonly scored: number;
}

/**
 * Plays ticks to the product as they came, all parts as in the daemon: `learned` go into a store and a model is trained from
 * it, then `watched` are scored and raised row by row. There are no processes, so nobody is named.
 */
export function replay(learned: readonly Tick[], watched: readonly Tick[], seed = 1): Replayed {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-replay-'));
  const clock = new ManualClock(learned[0]!.at);
  const store = openStore({ folder, clock });
  const journal = new AnomalyJournal({ path: join(folder, 'anomalies.json'), now: () => clock.now() });
  try {
    for (const tick of learned) {
      clock.advance(tick.at - clock.now());
      store.append(tick);
    }
    store.flush();
    const to = learned.at(-1)!.at + 1;
    const model = train(store, {
      ...{ features: FEATURES, detectors: DEFAULT_DETECTORS, from: learned[0]!.at, to, stepSeconds: 1, seed },
      ...{ phase: 'provisional', progress: () => {} },
    });
    const scorer = new MachineScorer();
    scorer.use(model, store, to);
    const anomalies = new Map<string, Anomaly>();
    const agent = new Agent({
      ...{
        clock,
        log: silentLog,
        hostId: 'replay',
        machine: { cpus: 2, memoryBytes: 1e9 },
        store,
        journal,
        scorer,
        profiles: new Profiles(),
      },
      ...{ matureAfterMs: 600_000, processesMs: () => 5000, learn: () => {}, phase: () => 'provisional' },
      ...{ isTraining: () => false, socketOwners: () => new Set<number>(), waitChannel: () => undefined },
      ...{ wakeups: () => undefined, anonymousBytes: () => undefined, onTick: () => {}, onScan: () => {} },
      onAnomaly: (anomaly) => void anomalies.set(anomaly.id, anomaly),
      onBreach: () => {},
      limits: DEFAULT_LIMITS,
    });
    let scored = 0;
    for (const tick of watched) {
      clock.advance(tick.at - clock.now());
      agent.tick(tick);
      if (scorer.now()?.at === tick.at) scored++;
    }
    agent.stop();
    return { anomalies: [...anomalies.values()], scored };
  } finally {
    journal.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
