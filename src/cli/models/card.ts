import { join } from 'node:path';
import { duration, printable } from '../../lib/text.ts';
import { alarmRateLines, alarmRateOf, countedAlarms } from '../../model/alarm-rate.ts';
import { formatValue } from '../../model/display.ts';
import type { MachineModel } from '../../model/machine-model.ts';
import type { LossCurve } from '../../model/model-card.ts';
import type { RegisteredModel } from '../../model/registered-model.ts';
import { lowSeconds } from '../../model/severity.ts';
import { renderComparison } from './render-comparison.ts';
import { when } from './when.ts';

/**
 * All that is known of a model but the numbers that its detectors learned. `alarmsPerWeek`: what the user wishes for;
 * `service`: what was raised while it scored.
 */
export function describeModel(
  entry: RegisteredModel,
  model: MachineModel,
  folder: string,
  alarmsPerWeek: number,
  service = countedAlarms(0, 0),
) {
  const { detectors, bands: _, ...rest } = model;
  return {
    ...entry,
    path: join(folder, entry.file),
    ...rest,
    detectors: detectors.map(({ encoded, ...part }) => ({ ...part, facts: encoded.facts })),
    alarmRate: alarmRateOf(model.calibration, alarmsPerWeek),
    service,
  };
}

export type DescribedModel = ReturnType<typeof describeModel>;

/** The card for a person: a line a subject. */
export function renderModel(model: DescribedModel): string {
  const { card } = model;
  const line = (name: string, text: string): string => `${name.padEnd(12)} ${printable(text)}`;
  const span = model.trainedTo - model.trainedFrom;
  const lines = [
    line('Model', `${model.id}, ${model.phase}, ${model.state}`),
    line('File', `${model.path}, ${formatValue(model.bytes, 'By')}`),
    line('SHA-256', model.sha256),
    line(
      'Trained',
      `by ${model.trainedBy === 'daemon' ? 'the running Homeostat' : "'homeostat train'"} on ${sourceOf(model)}, seed ${model.seed}`,
    ),
    line('Period', `${when(model.trainedFrom)} to ${when(model.trainedTo)}, ${duration(span)}`),
    line('Rows', rowsOf(model)),
  ];
  if (card) {
    lines.push(line('Gaps', gapsOf(card.gaps)));
    lines.push(line('Left out', leftOut(card.excluded)));
  }
  lines.push(
    line('Metrics', `${model.features.length}, such as ${model.features.slice(0, 3).join(', ')}`),
    line('Detectors', model.detectors.map(({ name, weight }) => `${name} (${weight})`).join(', ')),
  );
  for (const [name, curve] of Object.entries(card?.losses ?? {})) lines.push(...lossLines(line, name, curve));
  lines.push(...calibrationLines(line, model));
  const [alarms, ...tested] = alarmRateLines(model.alarmRate, model.service);
  lines.push(line('Alarms', alarms!), ...tested.map((text) => line('', text)));
  if (model.drift) lines.push(line('Drift', `judged over windows of ${duration(model.drift.windowMs)}`));
  if (model.comparison) lines.push('', ...renderComparison(model.comparison).map(printable));
  lines.push(
    '',
    ...model.events.map(({ at, state, reason }) => printable(`${when(at)}  ${state.padEnd(9)}  ${reason}`)),
  );
  return lines.join('\n');
}

type Line = (name: string, text: string) => string;

const count = (value: number): string => value.toLocaleString('en');

const sourceOf = ({ card }: DescribedModel): string =>
  card?.source.kind === 'file' ? `the file ${card.source.name}` : 'the history of this machine';

function rowsOf({ rows, stepSeconds, card }: DescribedModel): string {
  const all = `${count(rows)}, one each ${stepSeconds} s`;
  if (!card) return `${all}; an earlier version did not note more`;
  const { train, validate, calibrate } = card.blocks;
  return `${all}: ${count(train)} to learn, then ${count(validate)} to stop in time, then ${count(calibrate)} to calibrate`;
}

const gapsOf = ({ count: gaps, totalMs, longestMs }: NonNullable<DescribedModel['card']>['gaps']): string =>
  gaps === 0 ? 'none' : `${gaps}, ${duration(totalMs)} in all, the longest ${duration(longestMs)}`;

function leftOut(excluded: NonNullable<DescribedModel['card']>['excluded']): string {
  if (excluded.length === 0) return 'nothing: there was no anomaly';
  const total = excluded.reduce((sum, { from, to }) => sum + to - from, 0);
  return `the time of ${excluded.length} ${excluded.length === 1 ? 'anomaly' : 'anomalies'}, ${duration(total)} in all`;
}

const BLOCKS = '▁▂▃▄▅▆▇█';

function lossLines(line: Line, name: string, { train, validate }: LossCurve): string[] {
  const top = Math.max(...train, ...validate);
  const curve = (values: readonly number[]): string =>
    values.map((value) => BLOCKS[Math.min(7, Math.floor((value / top) * 8))] ?? BLOCKS[0]).join('');
  const ends = (values: readonly number[]): string =>
    `${values[0]?.toPrecision(3)} ${curve(values)} ${values.at(-1)?.toPrecision(3)}`;
  return [
    line('Loss', `${name}, ${train.length} epochs`),
    line('', `  learned rows  ${ends(train)}`),
    line('', `  later rows    ${ends(validate)}, least ${Math.min(...validate).toPrecision(3)}`),
  ];
}

function calibrationLines(
  line: Line,
  { calibration, suggestedThreshold, stepSeconds }: DescribedModel,
): string[] {
  const { rows, returns } = calibration;
  return [
    line(
      'Calibrated',
      `on ${count(rows)} held-out rows (${duration(rows * stepSeconds * 1000)}); nothing is called rarer than once in ${duration(returns.longest * 1000)}`,
    ),
    line(
      'Threshold',
      `a score of ${suggestedThreshold.toFixed(2)} is LOW: once in ${duration(lowSeconds(returns.longest) * 1000)} or rarer`,
    ),
  ];
}
