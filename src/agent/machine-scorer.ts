import { createEnsemble, type Ensemble } from '../detect/ensemble.ts';
import { DETECTORS } from '../detect/registry.ts';
import { DriftMonitor } from '../learn/drift.ts';
import { levelOf } from '../lib/return-period.ts';
import { digitsOf } from '../lib/tail.ts';
import { type AlarmRate, alarmRateOf } from '../model/alarm-rate.ts';
import type { Severity } from '../model/anomaly.ts';
import type { Detector } from '../model/detector.ts';
import type { DriftState } from '../model/drift.ts';
import type { History } from '../model/history.ts';
import type { Calibration, MachineModel } from '../model/machine-model.ts';
import { parseSeriesKey, type Series, type Tick } from '../model/metric.ts';
import type { Band, Score } from '../model/score.ts';
import { lowSeconds, SEVERITY_SECONDS, severityOf } from '../model/severity.ts';
import type { ScoreNow } from '../model/status.ts';

/** A row with fewer of the model's features than this share is not scored: an opinion about half a machine is none. */
const ENOUGH = 0.5;

/** How much of the latest history a new model is shown, ms: its slowest memory has a half-life of 45 min. */
const WARM_UP_MS = 30 * 60_000;

/** Ticks -> scores by the current model. */
export class MachineScorer {
  #ensemble: Ensemble | undefined;
  #bands: Readonly<Record<string, Band>> = {};
  #columns = new Map<Series, number>();
  #row = new Float32Array(0);
  #thresholds: Readonly<Record<Severity, number>> = { LOW: 0, MEDIUM: 0, HIGH: 0 };
  #calibration: Calibration | undefined;
  #now: ScoreNow | undefined;
  #drift: DriftMonitor | undefined;
  readonly #detectors: readonly Detector[];

  /** `detectors` are all that a model may need. */
  constructor(detectors: readonly Detector[] = DETECTORS) {
    this.#detectors = detectors;
  }

  /**
   * From now on this model scores. It is shown the latest history first: what was usual lately is part of its opinion.
   * Throws where the model cannot be used; the one before then stays.
   */
  use(model: MachineModel, history: History, now: number): void {
    const ensemble = createEnsemble(model, this.#detectors);
    warmUp(ensemble, history, now);
    const columns = new Map<Series, number>();
    for (const [column, key] of model.features.entries()) {
      const known = parseSeriesKey(key);
      if (known) columns.set(known, column);
    }
    this.#ensemble?.close();
    this.#ensemble = ensemble;
    this.#columns = columns;
    this.#row = new Float32Array(model.features.length);
    this.#bands = model.bands;
    this.#drift = model.drift && new DriftMonitor(model, model.drift);
    this.#calibration = model.calibration;
    const { combined, returns } = model.calibration;
    const valueAt = (seconds: number): number => digitsOf(combined, levelOf(returns, seconds));
    const { MEDIUM, HIGH } = SEVERITY_SECONDS;
    this.#thresholds = {
      LOW: valueAt(lowSeconds(returns.longest)),
      MEDIUM: valueAt(MEDIUM),
      HIGH: valueAt(HIGH),
    };
  }

  /** Undefined before there is a model, and for a row that is mostly missing. */
  score(tick: Tick): Score | undefined {
    if (!this.#ensemble) return undefined;
    this.#row.fill(Number.NaN);
    let present = 0;
    for (const { series, value } of tick.metrics) {
      const column = this.#columns.get(series);
      if (column === undefined) continue;
      this.#row[column] = value;
      present++;
    }
    if (present < ENOUGH * this.#row.length) {
      this.#now = undefined;
      return undefined;
    }
    const score = this.#ensemble.score(this.#row, tick.at);
    const { at, value, returnPeriodSeconds, detectors } = score;
    this.#now = {
      at,
      value,
      returnPeriodSeconds,
      detectors,
      severity: severityOf(returnPeriodSeconds, this.reach()),
      thresholds: this.#thresholds,
    };
    return score;
  }

  /** The row of this moment, if it was scored, is one of the machine as it usually is. */
  observeUsual(at: number): void {
    if (this.#now?.at === at) this.#drift?.observe(this.#row, at);
  }

  /** How far the machine is from what the model was trained on; undefined where the model does not know that. */
  drift(): DriftState | undefined {
    return this.#drift?.state();
  }

  /** The last row's score. */
  now(): ScoreNow | undefined {
    return this.#now;
  }

  bands(): Readonly<Record<string, Band>> {
    return this.#bands;
  }

  /** The longest return period that the model gives, seconds. */
  reach(): number {
    return this.#calibration?.returns.longest ?? Number.POSITIVE_INFINITY;
  }

  /** What the model promises to who wishes for so many alarms a week; undefined before there is one. */
  alarmRate(wishedPerWeek: number): AlarmRate | undefined {
    return this.#calibration && alarmRateOf(this.#calibration, wishedPerWeek);
  }
}

function warmUp(ensemble: Ensemble, history: History, now: number): void {
  const { features } = ensemble;
  const { frames } = history.query({
    metrics: features,
    from: now - WARM_UP_MS,
    to: now,
    resolution: 1,
    maxPoints: WARM_UP_MS / 1000,
  });
  const rows = new Map<number, Float32Array>();
  for (const { metric, at, mean } of frames) {
    const column = features.indexOf(metric);
    for (let point = 0; point < at.length; point++) {
      const row = rows.get(at[point]!) ?? new Float32Array(features.length).fill(Number.NaN);
      row[column] = mean[point]!;
      rows.set(at[point]!, row);
    }
  }
  for (const at of [...rows.keys()].sort((a, b) => a - b)) ensemble.score(rows.get(at)!, at);
}
