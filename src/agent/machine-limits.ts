import type { Attributor } from '../alert/attribute.ts';
import type { AnomalyJournal } from '../alert/journal.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Limits, type Named } from '../limits/limits.ts';
import type { LimitSettings } from '../limits/settings.ts';
import type { BrokenMetric, Culprit } from '../model/anomaly.ts';
import type { Breach, Forecast } from '../model/breach.ts';
import type { History } from '../model/history.ts';
import { parseSeriesKey, type Tick } from '../model/metric.ts';
import type { ProcessScan } from '../model/process.ts';
import { topConsumers, topGrowers } from './top-consumers.ts';

export interface MachineLimitsOptions {
  readonly host: string;
  readonly settings: LimitSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: History & { appendAnomaly(breach: Breach): void };
  readonly journal: Pick<AnomalyJournal, 'write'>;
  readonly attributor: Attributor;
  readonly processes: () => ProcessScan | undefined;
  readonly onBreach: (breach: Breach) => void;
}

/** The ledger of processes reaches twelve minutes back, ms. */
const BLAME_MS = 600_000;
/** What an earlier run left open is looked for so far back, ms. */
const LEFT_MS = 400 * 86_400_000;

/** The machine against its limits; what breaches them is kept, logged and handed on. */
export class MachineLimits {
  readonly #options: MachineLimitsOptions;
  readonly #limits: Limits;

  constructor(options: MachineLimitsOptions) {
    this.#options = options;
    this.#limits = new Limits({
      host: options.host,
      settings: options.settings,
      culprits: (metric, since, kind) => this.#culprits(metric, since, kind),
      onBreach: (breach) => this.#raise(breach),
    });
  }

  /** Reads the past, and goes on with what an earlier run left open. */
  start(): void {
    const { clock, store } = this.#options;
    const now = clock.now();
    const left = store.breaches({ from: now - LEFT_MS }).filter(({ state }) => state === 'open');
    this.#limits.start(store, left, now);
  }

  tick(tick: Tick): void {
    this.#limits.tick(tick);
  }

  use(settings: LimitSettings): void {
    this.#limits.use(settings);
  }

  /** The processes that changed most in what a series is about, against what they did ten minutes ago. */
  blame(key: string): readonly Culprit[] {
    const { attributor, clock } = this.#options;
    const unit = parseSeriesKey(key)?.definition.unit ?? '';
    const metric = { metric: key, unit, observed: 1, expectedLow: 0, expectedHigh: 0, share: 1 };
    return attributor.attribute(attributor.baseline(clock.now() - BLAME_MS), [metric]);
  }

  open(): readonly Breach[] {
    return this.#limits.open();
  }

  forecasts(): readonly Forecast[] {
    return this.#limits.forecasts();
  }

  /** Who changed, where that is known; else who has most. */
  #culprits(metric: BrokenMetric, since: number, kind: Breach['kind']): Named {
    const { attributor, clock, processes, store } = this.#options;
    const seen = processes()?.processes ?? [];
    if (kind === 'forecast')
      return { culprits: topGrowers(metric, since, clock.now(), seen, store), of: 'what came since' };
    const changed = attributor.attribute(attributor.baseline(since), [metric]);
    if (changed.length > 0) return { culprits: changed, of: 'the change' };
    return { culprits: topConsumers(metric, seen), of: 'what processes use' };
  }

  #raise(breach: Breach): void {
    const { log, journal, onBreach, store } = this.#options;
    store.appendAnomaly(breach);
    journal.write(breach);
    const { id, severity, state, kind, provisional } = breach;
    const level = severity === 'LOW' || state === 'closed' ? 'info' : 'warn';
    log[level](breach.sentence, { id, kind, severity, state, provisional });
    onBreach(breach);
  }
}
