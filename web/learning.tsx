import { duration, printable } from '../src/lib/text.ts';
import { metricLabel } from '../src/model/display.ts';
import type { DriftState } from '../src/model/drift.ts';
import type { LearningState } from '../src/model/learning.ts';
import { fullTime, shortTime } from './format.ts';
import { now, status } from './state.ts';

const PHASES = ['collecting', 'provisional', 'calibrated'] as const;
const MEANING = {
  collecting: 'Collecting: nobody is alarmed yet.',
  provisional: 'A first model of a short time: what it finds is marked provisional.',
  calibrated: 'Enough was seen to know how rare a score is here.',
} as const;

export function Learning() {
  const learning = status.value?.learning;
  return (
    <section class="card learning" id="learning" aria-labelledby="learning-title">
      <header>
        <h2 id="learning-title">What it has learned</h2>
      </header>
      {learning ? <Body learning={learning} /> : <div class="skeleton" />}
    </section>
  );
}

function Body({ learning }: { readonly learning: LearningState }) {
  const { phase, seenMs, neededMs, nextPhase, training, model, shadow, drift, problem, since } = learning;
  const reached = PHASES.indexOf(phase);
  return (
    <>
      <ol class="phases">
        {PHASES.map((name, index) => (
          <li
            key={name}
            class={index < reached ? 'done' : index === reached ? 'here' : ''}
            aria-current={index === reached ? 'step' : undefined}
          >
            {name}
          </li>
        ))}
      </ol>
      <p class="meaning">{MEANING[phase]}</p>
      {neededMs !== undefined && (
        <Progress
          label={`Seen ${duration(seenMs)} of the ${duration(neededMs)} that ${nextPhase} needs`}
          note={neededMs > seenMs ? `${duration(neededMs - seenMs)} left` : 'training is due'}
          done={seenMs / neededMs}
        />
      )}
      {training && (
        <Progress
          label={`Training: ${printable(training.step)}`}
          note={`${Math.round(training.done * 100)} %`}
          done={training.done}
        />
      )}
      {shadow && (
        <Progress
          label={`A newer model runs beside: ${printable(shadow.id)}`}
          note={`${duration(shadow.seenMs)} of ${duration(shadow.neededMs)}`}
          done={shadow.seenMs / shadow.neededMs}
        />
      )}
      {problem && <p class="trouble">{printable(problem)}</p>}
      <dl>
        {since !== undefined && <Fact name="History since" value={fullTime(since)} />}
        <Fact name="Usable history" value={duration(seenMs)} />
        {model ? (
          <>
            <Fact name="Model" value={`${printable(model.id)} (${model.phase})`} />
            <Fact
              name="Trained"
              value={`${shortTime(model.trainedAt, now.value)}, on ${model.rows.toLocaleString('en')} rows of ${model.features} features`}
            />
            <Fact name="Detectors" value={model.detectors.map(printable).join(', ')} />
            {drift && <Fact name="Drift" value={driftOf(drift)} />}
          </>
        ) : (
          <Fact name="Model" value="none yet" />
        )}
      </dl>
    </>
  );
}

/** Metrics that are no longer as they were in the training. */
function driftOf({ checkedAt, windowMs, seenMs, drifted, metrics }: DriftState): string {
  if (checkedAt === undefined) return `known in ${duration(windowMs - seenMs)}`;
  const names = drifted.map(({ metric }) => metricLabel(metric)).join(', ');
  const window = `the last ${duration(windowMs)}`;
  return drifted.length === 0
    ? `none in ${window}`
    : `${drifted.length} of ${metrics} metrics in ${window}: ${printable(names)}`;
}

function Progress({
  label,
  note,
  done,
}: {
  readonly label: string;
  readonly note: string;
  readonly done: number;
}) {
  const share = Math.max(0, Math.min(1, done));
  return (
    <div class="progress">
      <span>{label}</span>
      <span>{note}</span>
      <progress value={share} max={1} aria-label={label} />
    </div>
  );
}

export function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
