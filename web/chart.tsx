import { effect, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { printable } from '../src/lib/text.ts';
import { formatRange, formatValue } from '../src/model/display.ts';
import { fetchHistory } from './api.ts';
import type { ChartDefinition, ChartLine } from './catalog.ts';
import { Columns } from './columns.ts';
import { clockTime, shortTime } from './format.ts';
import { goTo } from './navigate.ts';
import { COLOURS, lineColour, Plot } from './plot.ts';
import {
  againstMs,
  anomalies,
  bands,
  HOUR,
  MINUTE,
  moment,
  move,
  now,
  period,
  refill,
  selected,
  selectedId,
  status,
  view,
  zoom,
} from './state.ts';
import { onSample } from './stream.ts';
import { paint } from './theme.ts';

const HEIGHT = 150;
/** As many points a line as the server gives. */
const MOST_ROWS = 10_000;
/** After the last change of the period. */
const REST_MS = 60;

interface ChartProps {
  readonly lines: readonly ChartLine[];
  readonly unit: string;
  readonly label: string;
  readonly height?: number;
  readonly score?: boolean;
}

/** A chart with its legend. It is made when it comes into sight, and rests while it is out of it. */
function Chart({ lines, unit, label, height = HEIGHT, score = false }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | undefined>(undefined);
  const columns = useRef<Columns | undefined>(undefined);
  const row = useSignal<number | undefined>(undefined);
  const drawn = useSignal(0);
  const state = useSignal<'waiting' | 'loading' | 'ready' | 'empty' | 'failed'>('waiting');
  const hidden = useSignal<readonly string[]>(startHidden(lines));

  useEffect(() => {
    const root = place.current!;
    const keys = lines.map(({ key }) => key);
    let inSight = false;
    let owed = true;
    let request = new AbortController();
    let before: Columns | undefined;

    const load = async (): Promise<void> => {
      request.abort();
      request = new AbortController();
      owed = false;
      if (!plot.current) state.value = 'loading';
      const { from, to } = period();
      try {
        const points = Math.min(900, Math.max(200, root.clientWidth));
        const [answer, earlier] = await Promise.all([
          fetchHistory(keys, from, to, points, request.signal),
          earlierColumns(keys, from, to, points, request.signal),
        ]);
        columns.current = new Columns(keys, answer.frames, answer.stepSeconds);
        before = earlier;
        present();
      } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') return;
        owed = true;
        if (!plot.current) state.value = 'failed';
      }
    };
    const present = (): void => {
      const made = columns.current!;
      state.value = made.at.length > 0 ? 'ready' : 'empty';
      drawn.value++;
      if (plot.current) plot.current.draw(made, before);
      else if (made.at.length > 0 || score) {
        plot.current = new Plot(root, made, {
          unit,
          lines: lines.map(({ key }) => ({ key, shown: !hidden.peek().includes(key) })),
          height,
          score,
          onCursor: (index) => {
            row.value = index;
          },
          onSelect: (from, to) => {
            view.value = { kind: 'fixed', from, to };
          },
          onZoom: zoom,
          onMove: move,
          onPick: (at) => {
            moment.value = at;
            goTo('processes');
          },
        });
      }
    };

    const sight = new IntersectionObserver(
      ([entry]) => {
        inSight = entry?.isIntersecting ?? false;
        if (inSight && owed) void load();
      },
      { rootMargin: '150px' },
    );
    sight.observe(root);
    const size = new ResizeObserver(() => plot.current?.resize(root.clientWidth));
    size.observe(root);
    // What is there is moved along at once; what is missing comes when the hand rests.
    let frame = 0;
    let rest: ReturnType<typeof setTimeout> | undefined;
    const stopLoading = effect(() => {
      void view.value;
      void refill.value;
      if (!score) void againstMs.value;
      owed = true;
      if (!inSight) return;
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => plot.current?.draw());
      clearTimeout(rest);
      rest = setTimeout(() => void load(), REST_MS);
    });
    const stopPainting = effect(() => {
      void paint.value;
      void selectedId.value;
      void bands.value;
      if (score) void anomalies.value;
      plot.current?.repaint();
    });
    const stopSamples = onSample(({ at, values }) => {
      if (before && period().to > (before.lastAt ?? 0)) owed = true;
      if (inSight && owed) void load();
      if (at > period().to + 2000) return;
      if (!inSight) owed = true;
      else if (columns.current) {
        columns.current.append(at, values, period().from);
        present();
      }
    });
    return () => {
      request.abort();
      cancelAnimationFrame(frame);
      clearTimeout(rest);
      sight.disconnect();
      size.disconnect();
      stopLoading();
      stopPainting();
      stopSamples();
      plot.current?.destroy();
      plot.current = undefined;
      columns.current = undefined;
    };
  }, [lines]);

  const toggle = (key: string, index: number): void => {
    const hides = !hidden.value.includes(key);
    hidden.value = hides ? [...hidden.value, key] : hidden.value.filter((other) => other !== key);
    plot.current?.show(index, !hides);
  };

  void drawn.value;
  const at = row.value === undefined ? undefined : columns.current?.at[row.value];
  return (
    <div class="chart">
      <div
        ref={place}
        class={`canvas is-${state.value}`}
        style={{ minHeight: `${height}px` }}
        role="img"
        aria-label={`${label}. ${spoken(lines, columns.current, unit)}`}
      >
        {state.value === 'empty' && !score && <p class="hint">No data in this period.</p>}
        {state.value === 'failed' && <p class="hint">Could not be loaded; the next try is on its way.</p>}
      </div>
      {!score && (
        <div class="legend">
          {lines.map((line, index) => (
            <Key
              key={line.key}
              line={line}
              index={index}
              unit={unit}
              shown={!hidden.value.includes(line.key)}
              value={columns.current?.lines[index]?.mean[row.value ?? columns.current.lastRow] ?? null}
              onClick={() => toggle(line.key, index)}
            />
          ))}
          {at !== undefined && (
            <time class="at">
              {view.value.kind === 'live' && view.value.span <= HOUR
                ? clockTime(at)
                : shortTime(at, now.peek())}
            </time>
          )}
        </div>
      )}
    </div>
  );
}

/** The same hours of the day or the week before, laid over these, a little of what comes next included. */
async function earlierColumns(
  keys: readonly string[],
  from: number,
  to: number,
  points: number,
  signal: AbortSignal,
): Promise<Columns | undefined> {
  const ms = againstMs.peek();
  if (ms === 0) return undefined;
  const ahead = Math.max(MINUTE, (to - from) / 10);
  const { frames, stepSeconds } = await fetchHistory(keys, from - ms, to - ms + ahead, points, signal);
  return new Columns(keys, frames, stepSeconds).shifted(ms);
}

/** A chart of more lines than there are colours begins with as many as there are. */
function startHidden(lines: readonly ChartLine[]): readonly string[] {
  return lines.filter(({ quiet }, index) => quiet || index >= COLOURS).map(({ key }) => key);
}

/** The latest values, for who cannot see the canvas. */
function spoken(lines: readonly ChartLine[], columns: Columns | undefined, unit: string): string {
  if (!columns || columns.at.length === 0) return 'No data.';
  return lines
    .map(({ label }, index) => {
      const value = columns.lines[index]?.mean[columns.lastRow];
      return value == null ? '' : `${label} ${formatValue(value, unit)}`;
    })
    .filter(Boolean)
    .join(', ');
}

interface KeyProps {
  readonly line: ChartLine;
  readonly index: number;
  readonly unit: string;
  readonly shown: boolean;
  readonly value: number | null;
  readonly onClick: () => void;
}

function Key({ line, index, unit, shown, value, onClick }: KeyProps) {
  const band = bands.value[line.key];
  const usual = band ? `, usually ${formatRange(band.low, band.high, unit)}` : '';
  return (
    <button
      type="button"
      class="key"
      aria-pressed={shown}
      title={`${printable(line.label)}${usual}. Click to ${shown ? 'hide' : 'show'}.`}
      onClick={onClick}
    >
      <i style={{ background: `var(${lineColour(index)})` }} />
      {printable(line.label)}
      <b>{value === null || !shown ? '' : formatValue(value, unit)}</b>
    </button>
  );
}

/** One definition as a card: title, devices to choose from, chart. */
export function ChartCard({ definition }: { readonly definition: ChartDefinition }) {
  const names = [...definition.devices.keys()];
  const device = useSignal(names[0]!);
  const lines = definition.devices.get(device.value) ?? definition.devices.get(names[0]!)!;
  const broke = selected.value?.metrics.some(({ metric }) => lines.some(({ key }) => key === metric));
  return (
    <section class={`card chart-card ${broke ? 'broke' : ''}`} id={definition.id}>
      <header>
        <h3 title={definition.description}>{printable(definition.title)}</h3>
        {broke && <span class="badge">broke</span>}
        <button
          type="button"
          class="icon small"
          aria-label={`Download the data of ${definition.title}`}
          title="Download as CSV"
          onClick={() => void download(definition.title, lines)}
        >
          ↓
        </button>
        {names.length > 1 && (
          <fieldset class="chips" aria-label={`Device of ${definition.title}`}>
            {names.map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={name === device.value}
                onClick={() => {
                  device.value = name;
                }}
              >
                {name === '' ? 'all' : printable(name)}
              </button>
            ))}
          </fieldset>
        )}
      </header>
      <Chart key={device.value} lines={lines} unit={definition.unit} label={definition.title} />
    </section>
  );
}

/** What the chart shows, in the finest points that are kept, as a file of comma-separated values. */
async function download(title: string, lines: readonly ChartLine[]): Promise<void> {
  const { from, to } = period();
  const keys = lines.map(({ key }) => key);
  const { frames, stepSeconds } = await fetchHistory(keys, from, to, MOST_ROWS, new AbortController().signal);
  const text = new Columns(keys, frames, stepSeconds).csv();
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = `${title} ${new Date(from).toISOString().slice(0, 19).replaceAll(':', '')}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

export function ScoreStrip() {
  const score = status.value?.score;
  return (
    <section class="card score" aria-labelledby="score-title">
      <header>
        <h2 id="score-title">How unusual the machine is</h2>
        {score && (
          <p class="now">
            now <b>{score.value.toFixed(1)}</b>{' '}
            {score.severity ? <Severity of={score.severity} /> : <span class="usual">usual</span>}
          </p>
        )}
      </header>
      <Chart lines={SCORE_LINES} unit="1" label="Anomaly score" height={132} score />
      {hasNoModel() && (
        <p class="overlay">A score comes with the first model; until then nobody is alarmed.</p>
      )}
    </section>
  );
}

/** A hub is told of no model, but of its scores. */
function hasNoModel(): boolean {
  const current = status.value;
  if (!current) return false;
  return current.learning ? !current.learning.model : !current.score;
}

const SCORE_LINES: readonly ChartLine[] = [{ key: 'homeostat.score', label: 'score', quiet: false }];

{
  /** Told by word and number of bars, not by colour alone. */
}
export function Severity({ of }: { readonly of: 'LOW' | 'MEDIUM' | 'HIGH' }) {
  const bars = { LOW: 1, MEDIUM: 2, HIGH: 3 }[of];
  return (
    <span class={`severity ${of.toLowerCase()}`}>
      <svg viewBox="0 0 12 10" aria-hidden="true">
        {[0, 1, 2].map((bar) => (
          <rect
            key={bar}
            x={bar * 4.4}
            y={6 - bar * 3}
            width="3"
            height={4 + bar * 3}
            rx="1"
            opacity={bar < bars ? 1 : 0.25}
          />
        ))}
      </svg>
      {of}
    </span>
  );
}
