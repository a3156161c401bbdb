import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { duration, printable } from '../src/lib/text.ts';
import type { ListedProcess } from '../src/model/process.ts';
import type { FrameColumns, ProcessColumns } from './answers.ts';
import { ApiError, fetchProcessHistory, HOST } from './api.ts';
import { Columns } from './columns.ts';
import { fullTime, optional } from './format.ts';
import { Fact } from './learning.tsx';
import { lineColour, Plot } from './plot.ts';
import { processById, processByPid } from './process-list.ts';
import { now, openProcess, period, scannedAt, view } from './state.ts';
import { paint } from './theme.ts';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog of the browser: it keeps the focus inside and closes with Escape. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const root = useRef<HTMLDialogElement>(null);
  useEffect(() => root.current!.showModal(), []);
  return (
    <dialog ref={root} aria-label={title} onClose={onClose} closedby="any">
      <header>
        <h2>{title}</h2>
        <button type="button" class="icon" aria-label="Close (Esc)" onClick={() => root.current?.close()}>
          ×
        </button>
      </header>
      {children}
    </dialog>
  );
}

const MINUTES = 60_000;

export function ProcessDialog({ id }: { readonly id: string }) {
  const answer = useSignal<ProcessColumns | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const process = processById(id) ?? answer.value?.process ?? undefined;
  // A new point comes each minute.
  const minute = Math.floor(scannedAt.value / MINUTES);
  useEffect(() => {
    const { from, to } = period();
    fetchProcessHistory(id, Math.min(from, to - 60 * MINUTES), to).then(
      (found) => {
        answer.value = found;
      },
      (error: unknown) => {
        failure.value = error instanceof ApiError ? error.message : 'Homeostat does not answer.';
      },
    );
  }, [id, view.value, minute]);
  return (
    <Dialog
      title={process ? `${printable(process.name)} · pid ${process.pid}` : `Process ${printable(id)}`}
      onClose={() => (openProcess.value = undefined)}
    >
      {process ? (
        <Identity process={process} />
      ) : (
        answer.value && <p class="hint">This process has ended; its history is kept.</p>
      )}
      {failure.value && <p class="trouble">{printable(failure.value)}</p>}
      {answer.value && <Charts answer={answer.value} />}
      {!answer.value && !failure.value && <div class="skeleton" />}
    </Dialog>
  );
}

function Identity({ process }: { readonly process: ListedProcess }) {
  const parent = processByPid(process.ppid);
  return (
    <>
      <p class="command">{printable([process.invokedAs ?? process.name, ...process.args].join(' '))}</p>
      <dl class="identity">
        <Fact
          name="Executable"
          value={
            process.executable === undefined
              ? 'not visible, or a kernel thread'
              : printable(process.executable)
          }
        />
        <Fact
          name="Parent"
          value={parent ? `${printable(parent.name)} (pid ${parent.pid})` : `pid ${process.ppid}`}
        />
        <Fact name="User, group" value={`${process.uid ?? '–'}, ${process.gid ?? '–'}`} />
        <Fact
          name="Started"
          value={`${fullTime(process.startedAt)} (${duration(now.value - process.startedAt)} ago)`}
        />
        <Fact name="CPU, memory" value={`${optional(process.cpu, '1')}, ${optional(process.rss, 'By')}`} />
        <Fact name="Threads, open files" value={`${process.threads ?? '–'}, ${process.openFiles ?? '–'}`} />
        {process.containerId !== undefined && (
          <Fact name="Container" value={printable(process.containerId)} />
        )}
        {process.cgroup !== undefined && <Fact name="Control group" value={printable(process.cgroup)} />}
        <Fact name="Name in Homeostat" value={printable(process.id)} />
      </dl>
    </>
  );
}

const NO_HISTORY =
  HOST === undefined
    ? 'No history yet: a point is kept each minute.'
    : 'The history of a process stays on its host: the hub knows it as it was told last.';

function Charts({ answer }: { readonly answer: ProcessColumns }) {
  if (answer.at.length === 0) return <p class="hint">{NO_HISTORY}</p>;
  return (
    <div class="process-charts">
      <ProcessChart title="CPU" unit="1" answer={answer} lines={['cpu']} />
      <ProcessChart title="Memory (resident)" unit="By" answer={answer} lines={['rss']} />
      <ProcessChart title="Reads and writes" unit="By/s" answer={answer} lines={['readRate', 'writeRate']} />
    </div>
  );
}

interface ProcessChartProps {
  readonly title: string;
  readonly unit: string;
  readonly answer: ProcessColumns;
  readonly lines: readonly ('cpu' | 'rss' | 'readRate' | 'writeRate')[];
}

const NAMES = { cpu: 'CPU', rss: 'memory', readRate: 'reads', writeRate: 'writes' } as const;

function ProcessChart({ title, unit, answer, lines }: ProcessChartProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const frames = lines.map((line): FrameColumns => {
      const values = answer[line];
      return { metric: line, unit, at: answer.at, mean: values, min: values, max: values };
    });
    const columns = new Columns(lines, frames, 60);
    const first = answer.at[0]!;
    const plot = new Plot(place.current!, columns, {
      unit,
      lines: lines.map((key) => ({ key, shown: true })),
      height: 120,
      period: () => ({ from: first, to: Math.max(answer.at.at(-1)!, first + 10 * MINUTES) }),
      onCursor: () => {},
      onSelect: () => {},
    });
    const stop = paint.subscribe(() => plot.repaint());
    return () => {
      stop();
      plot.destroy();
    };
  }, [answer]);
  const unseen = lines.every((line) => answer[line].every((value) => value === null));
  return (
    <figure>
      <figcaption>
        {title}
        {lines.length > 1 &&
          lines.map((line, index) => (
            <span key={line} class="key">
              <i style={{ background: `var(${lineColour(index)})` }} />
              {NAMES[line]} <b>{optional(answer[line].at(-1), unit)}</b>
            </span>
          ))}
        {lines.length === 1 && <b>{optional(answer[lines[0]!].at(-1), unit)}</b>}
      </figcaption>
      <div ref={place} class="canvas" role="img" aria-label={`${title} of this process over time`} />
      {unseen && <p class="hint">Not visible: run Homeostat with more rights to see it.</p>}
    </figure>
  );
}
