import { printable } from '../src/lib/text.ts';
import type { BrokenMetric, Culprit } from '../src/model/anomaly.ts';
import { formatRange, formatValue, metricLabel } from '../src/model/display.ts';
import { percent } from './format.ts';
import { goTo } from './navigate.ts';
import { chartOf, openProcess } from './state.ts';

interface BrokenMetricsProps {
  readonly metrics: readonly BrokenMetric[];
  /** The head of the column that says what was expected. */
  readonly expected: string;
}

/** What broke: seen against expected. */
export function BrokenMetrics({ metrics, expected }: BrokenMetricsProps) {
  if (metrics.length === 0) return null;
  return (
    <table class="broken-metrics">
      <caption>What broke</caption>
      <thead>
        <tr>
          <th>Metric</th>
          <th class="number">Observed</th>
          <th class="number">{expected}</th>
          <th>Share</th>
        </tr>
      </thead>
      <tbody>
        {metrics.map(({ metric, unit, observed, expectedLow, expectedHigh, share }) => (
          <tr key={metric}>
            <td>
              <MetricName metric={metric} />
            </td>
            <td class="number strong">{formatValue(observed, unit)}</td>
            <td class="number">{formatRange(expectedLow, expectedHigh, unit)}</td>
            <td>
              <Share of={share} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Who did it, with the evidence. */
export function Culprits({ culprits }: { readonly culprits: readonly Culprit[] }) {
  return (
    <table class="culprits">
      <caption>Who did it</caption>
      <thead>
        <tr>
          <th>Process</th>
          <th>Evidence</th>
          <th>Share</th>
        </tr>
      </thead>
      <tbody>
        {culprits.map((culprit) => (
          <Who key={culprit.id} culprit={culprit} />
        ))}
      </tbody>
    </table>
  );
}

function Who({ culprit }: { readonly culprit: Culprit }) {
  const { id, pid, name, executable, parent, containerId, evidence, share, commandLine } = culprit;
  return (
    <tr>
      <td>
        <button
          type="button"
          class="link"
          onClick={() => (openProcess.value = id)}
          title={printable(commandLine)}
        >
          {printable(name)}
        </button>{' '}
        <small>pid {pid}</small>
        <small class="path">{executable ? printable(executable) : 'executable not visible'}</small>
        {parent && (
          <small>
            started by {printable(parent.name)} (pid {parent.pid})
          </small>
        )}
        {containerId && <small>in container {printable(containerId).slice(0, 12)}</small>}
      </td>
      <td>{printable(evidence)}</td>
      <td>
        <Share of={share} />
      </td>
    </tr>
  );
}

/** Leads to the chart that shows it. */
function MetricName({ metric }: { readonly metric: string }) {
  const chart = chartOf.value.get(metric);
  const label = metricLabel(metric);
  if (chart === undefined) return <span>{label}</span>;
  return (
    <a
      href={`#${chart}`}
      onClick={(event) => {
        event.preventDefault();
        goTo('overview');
        // The page is made in a microtask of its own, before this one.
        queueMicrotask(() => document.getElementById(chart)?.scrollIntoView({ block: 'center' }));
      }}
    >
      {label}
    </a>
  );
}

function Share({ of }: { readonly of: number }) {
  return (
    <span class="share">
      <i style={{ width: `${Math.round(Math.min(1, of) * 100)}%` }} />
      <b>{percent(of)}</b>
    </span>
  );
}
