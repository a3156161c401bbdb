import { excursions } from '../lib/excess.ts';
import type { BlockMeasures, Comparison } from '../model/comparison.ts';
import { type Matrix, slice } from '../model/matrix.ts';
import { lowSeconds, SEVERITY_SECONDS } from '../model/severity.ts';
import { FAULTS, type InjectedFault } from './injected-faults.ts';

/** A model at work: rows in the order of `features`, one after the other. */
export interface RowScorer {
  readonly features: readonly string[];
  score(row: Float32Array, at: number): { readonly value: number; readonly returnPeriodSeconds: number };
}

/** A model that can be set to work anew, without memory of earlier rows, as often as is needed. */
export interface Contender {
  readonly id: string;
  /** Usable time that it was trained on, ms. */
  readonly trainedMs: number;
  /** The longest return period that it gives, seconds. */
  readonly reachSeconds: number;
  start(): RowScorer;
}

/** The rows that both models are held against; those before `begin` only warm them up. */
export interface Block {
  readonly matrix: Matrix;
  /** Keys of the columns: the features of both models. */
  readonly features: readonly string[];
  /** First row that counts. */
  readonly begin: number;
  readonly stepSeconds: number;
}

/** Excursions closer than that are one alarm, rows. */
const APART_ROWS = 60;
/** Rows that repeat each other: about one a minute says something new about how well p-values fit. */
const DEPENDENT_SECONDS = 60;
/** 99 % point of the Kolmogorov-Smirnov statistic times the root of the number of values. */
const KOLMOGOROV_99 = 1.63;
/** Each fault begins at so many places of the block, lasts so long, and finds a scorer warmed up for so long, rows. */
const PLACES = 3;
const FAULT_ROWS = 60;
const WARM_ROWS = 600;
/** A candidate may miss this share of the faults that the current model finds. */
const MISSED_SHARE = 0.1;
/** Trained on so many times the data, it may be worse by twice as much: what it knows more is not in this block. */
const GROWN = 2;

/** Two models on the same later block: the same models and rows give the same comparison. Throws where there are no rows. */
export function compareModels(current: Contender, candidate: Contender, block: Block): Comparison {
  const { matrix, begin, stepSeconds } = block;
  const rows = matrix.rows - begin;
  if (rows < APART_ROWS) throw new Error(`only ${Math.max(0, rows)} rows are there to compare them on`);
  const seconds = rows * stepSeconds;
  const faults = FAULTS.filter(({ changes }) =>
    Object.keys(changes).some((key) => block.features.includes(key)),
  );
  const sides = [measure(current, block, faults), measure(candidate, block, faults)] as const;
  const limits: Limits = {
    alarmsAllowed: likelyAtMost(seconds / SEVERITY_SECONDS.LOW),
    calibrationSlack: KOLMOGOROV_99 / Math.sqrt(Math.max(1, seconds / DEPENDENT_SECONDS)),
    faults: faults.length * PLACES,
    grown: candidate.trainedMs >= GROWN * current.trainedMs,
  };
  return {
    from: matrix.at[begin]!,
    to: matrix.at[matrix.rows - 1]! + stepSeconds * 1000,
    rows,
    alarmsAllowed: limits.alarmsAllowed,
    faults: limits.faults,
    current: sides[0],
    candidate: sides[1],
    worse: worseIn(sides[0], sides[1], limits),
  };
}

interface Limits {
  readonly alarmsAllowed: number;
  readonly calibrationSlack: number;
  readonly faults: number;
  readonly grown: boolean;
}

/** In what `candidate` is worse than `current` by more than chance or its youth explain. */
export function worseIn(current: BlockMeasures, candidate: BlockMeasures, limits: Limits): readonly string[] {
  const { alarmsAllowed, calibrationSlack, faults, grown } = limits;
  const tolerance = grown ? GROWN : 1;
  const worse: string[] = [];
  if (candidate.alarms > current.alarms && candidate.alarms > alarmsAllowed * tolerance)
    worse.push(`${candidate.alarms} alarms instead of ${current.alarms}`);
  if (candidate.calibrationError > current.calibrationError + calibrationSlack * tolerance)
    worse.push(
      `its p-values are off by ${candidate.calibrationError.toFixed(2)} instead of ${current.calibrationError.toFixed(2)}`,
    );
  if (candidate.faultsFound < current.faultsFound - Math.ceil(MISSED_SHARE * tolerance * faults))
    worse.push(
      `it finds ${candidate.faultsFound} of ${faults} known faults instead of ${current.faultsFound}`,
    );
  return worse;
}

function measure(contender: Contender, block: Block, faults: readonly InjectedFault[]): BlockMeasures {
  const { matrix, begin } = block;
  const periods = new Float64Array(matrix.rows - begin);
  const values = new Float64Array(matrix.rows - begin);
  play(contender.start(), block, matrix, (index, score) => {
    if (index < begin) return;
    periods[index - begin] = score.returnPeriodSeconds;
    values[index - begin] = score.value;
  });
  return {
    id: contender.id,
    alarms: excursions(periods, below(lowSeconds(contender.reachSeconds)), APART_ROWS).length,
    calibrationError: distanceFromUniform(values),
    faultsFound: faults.reduce((sum, fault) => sum + countFound(contender, block, fault), 0),
  };
}

/** `excursions` counts what is above; LOW begins at its own number of seconds. */
const below = (seconds: number): number => seconds * (1 - Number.EPSILON);

/** At how many of its places the fault is found before it ends. */
function countFound(contender: Contender, block: Block, fault: InjectedFault): number {
  const { matrix, begin, features } = block;
  const length = Math.min(FAULT_ROWS, matrix.rows - begin);
  const low = lowSeconds(contender.reachSeconds);
  let found = 0;
  for (let place = 0; place < PLACES; place++) {
    const first = begin + Math.floor(((matrix.rows - begin - length) * place) / (PLACES - 1));
    const from = Math.max(0, first - WARM_ROWS);
    const part = slice(matrix, from, first + length);
    const copy = { ...part, data: part.data.slice() };
    inject(fault, copy, features, first - from, block.stepSeconds);
    let alarmed = false;
    play(contender.start(), block, copy, (index, score) => {
      alarmed ||= index >= first - from && score.returnPeriodSeconds >= low;
    });
    if (alarmed) found++;
  }
  return found;
}

function inject(
  { changes }: InjectedFault,
  { data, rows, columns }: Matrix,
  features: readonly string[],
  first: number,
  stepSeconds: number,
): void {
  for (const [key, change] of Object.entries(changes)) {
    const column = features.indexOf(key);
    if (column < 0) continue;
    for (let row = first; row < rows; row++) {
      const place = row * columns + column;
      data[place] = change(data[place]!, (row - first + 1) * stepSeconds);
    }
  }
}

/** All rows through a scorer, each in the order of its own features. */
function play(
  scorer: RowScorer,
  { features }: Block,
  { rows, columns, data, at }: Matrix,
  tell: (index: number, score: { readonly value: number; readonly returnPeriodSeconds: number }) => void,
): void {
  const places = scorer.features.map((key) => features.indexOf(key));
  const row = new Float32Array(places.length);
  for (let index = 0; index < rows; index++) {
    for (let column = 0; column < places.length; column++) {
      const place = places[column]!;
      row[column] = place < 0 ? Number.NaN : data[index * columns + place]!;
    }
    tell(index, scorer.score(row, at[index]!));
  }
}

/** Kolmogorov-Smirnov distance of p-values, given as -log10 p, from the uniform distribution. */
export function distanceFromUniform(digits: Float64Array): number {
  const p = digits.map((value) => 10 ** -value).sort();
  let distance = 0;
  for (let index = 0; index < p.length; index++) {
    distance = Math.max(distance, p[index]! - index / p.length, (index + 1) / p.length - p[index]!);
  }
  return distance;
}

/** The number of events that a Poisson process with this mean exceeds in one case of a hundred at most. */
export function likelyAtMost(mean: number): number {
  let probability = Math.exp(-mean);
  let sum = probability;
  let count = 0;
  while (sum < 0.99) {
    count++;
    probability *= mean / count;
    sum += probability;
  }
  return count;
}
