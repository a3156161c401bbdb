import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { printable } from '../src/lib/text.ts';
import type { BrokenMetric } from '../src/model/anomaly.ts';
import { metricLabel } from '../src/model/display.ts';
import type { TopScan } from '../src/model/evidence.ts';
import type { Incident } from '../src/model/incident.ts';
import type { EvidenceAnswer } from './answers.ts';
import { ApiError, fetchEvidence } from './api.ts';
import { Columns } from './columns.ts';
import { clockTime, optional } from './format.ts';
import { lineColour, Plot } from './plot.ts';
import { openProcess } from './state.ts';
import { paint } from './theme.ts';

const MINUTE = 60_000;
/** More charts than this tell a person nothing that the first ones do not. */
const CHARTS = 4;

/** What was kept of the time around an incident, in full resolution: it is there when the history has forgotten it. */
export function EvidencePanel({ incident }: { readonly incident: Incident }) {
  const answer = useSignal<EvidenceAnswer | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  useEffect(() => {
    fetchEvidence(incident.id).then(
      (found) => {
        answer.value = found;
      },
      (error: unknown) => {
        failure.value = error instanceof ApiError ? error.message : 'Homeostat does not answer.';
      },
    );
  }, [incident.id, incident.updatedAt]);
  if (failure.value) return <p class="trouble">{printable(failure.value)}</p>;
  if (!answer.value) return <div class="skeleton" />;
  const { frames, scans } = answer.value;
  if (frames.length === 0 && scans.length === 0)
    return <p class="rare">Nothing is kept of what was measured around it.</p>;
  const charts = incident.metrics
    .map((broken) => ({ broken, frame: frames.find(({ metric }) => metric === broken.metric) }))
    .filter(({ frame }) => frame !== undefined && frame.at.length > 1)
    .slice(0, CHARTS);
  return (
    <>
      {charts.length > 0 && (
        <div class="evidence">
          {charts.map(({ broken, frame }) => (
            <EvidenceChart key={broken.metric} incident={incident} broken={broken} frame={frame!} />
          ))}
        </div>
      )}
      <TopAround incident={incident} scans={scans} />
    </>
  );
}

interface EvidenceChartProps {
  readonly incident: Incident;
  readonly broken: BrokenMetric;
  readonly frame: EvidenceAnswer['frames'][number];
}

function EvidenceChart({ incident, broken, frame }: EvidenceChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const { metric, unit, expectedLow, expectedHigh } = broken;
  useEffect(() => {
    const root = place.current!;
    const { at, value } = frame;
    const columns = new Columns([metric], [{ metric, unit, at, mean: value, min: value, max: value }], 1);
    const plot = new Plot(root, columns, {
      unit,
      lines: [{ key: metric, shown: true }],
      height: 130,
      period: () => ({ from: at[0]!, to: Math.max(at.at(-1)!, at[0]! + MINUTE) }),
      band: { low: expectedLow, high: expectedHigh },
      mark: incident,
      onCursor: () => {},
      onSelect: () => {},
    });
    const stop = paint.subscribe(() => plot.repaint());
    const size = new ResizeObserver(() => plot.resize(root.clientWidth));
    size.observe(root);
    return () => {
      stop();
      size.disconnect();
      plot.destroy();
    };
  }, [frame]);
  return (
    <figure>
      <figcaption>
        <i style={{ background: `var(${lineColour(0)})` }} />
        {metricLabel(metric)}
      </figcaption>
      <div ref={place} class="canvas" role="img" aria-label={`${metricLabel(metric)} around the incident`} />
    </figure>
  );
}

/** Who took most at a look: first the one after the incident began, any other by choice. */
function TopAround({ incident, scans }: { readonly incident: Incident; readonly scans: readonly TopScan[] }) {
  const first = Math.max(
    0,
    scans.findIndex(({ at }) => at >= incident.openedAt),
  );
  const chosen = useSignal(first);
  const scan = scans[Math.min(chosen.value, scans.length - 1)];
  if (!scan) return null;
  return (
    <div class="top-around">
      <table>
        <caption>Who took most at {clockTime(scan.at)}</caption>
        <thead>
          <tr>
            <th>Process</th>
            <th class="number">CPU</th>
            <th class="number">Memory</th>
            <th class="number wide">Reads</th>
            <th class="number wide">Writes</th>
          </tr>
        </thead>
        <tbody>
          {scan.processes.map(({ id, pid, name, cpu, rss, readRate, writeRate }) => (
            <tr key={id}>
              <td>
                <button type="button" class="link" onClick={() => (openProcess.value = id)}>
                  {printable(name)}
                </button>{' '}
                <small>pid {pid}</small>
              </td>
              <td class="number">{optional(cpu, '1')}</td>
              <td class="number">{optional(rss, 'By')}</td>
              <td class="number wide">{optional(readRate, 'By/s')}</td>
              <td class="number wide">{optional(writeRate, 'By/s')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {scans.length > 1 && (
        <input
          type="range"
          min={0}
          max={scans.length - 1}
          value={chosen.value}
          aria-label="The look at the processes"
          aria-valuetext={clockTime(scan.at)}
          onInput={(event) => {
            chosen.value = Number(event.currentTarget.value);
          }}
        />
      )}
    </div>
  );
}
