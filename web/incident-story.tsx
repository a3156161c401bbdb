import { duration, printable } from '../src/lib/text.ts';
import type { Incident } from '../src/model/incident.ts';
import { AdvicePanel } from './advice.tsx';
import { Severity } from './chart.tsx';
import { EvidencePanel } from './evidence.tsx';
import { Feedback } from './feedback.tsx';
import { BrokenMetrics, Culprits } from './findings.tsx';
import { clockTime, fullTime } from './format.ts';
import { Tags } from './incidents.tsx';
import { goTo } from './navigate.ts';
import { moment, now, openIncident, showAround } from './state.ts';

/** One incident from its first sign to its end: what, since when, who, what was measured, who was told. */
export function IncidentStory({ incident }: { readonly incident: Incident }) {
  const { id, severity, since, closedAt, sentence, metrics, culprits, kind, expected } = incident;
  return (
    <section class="card story" aria-labelledby="story-title">
      <header>
        <p class="meta">
          <Severity of={severity} />
          <Tags incident={incident} />
          <span>
            {fullTime(since)} – {closedAt ? fullTime(closedAt) : 'still open'} ·{' '}
            {duration((closedAt ?? now.value) - since)}
          </span>
        </p>
        <button
          type="button"
          class="icon"
          aria-label="Close the incident"
          onClick={() => (openIncident.value = undefined)}
        >
          ×
        </button>
      </header>
      <h2 id="story-title">{printable(sentence)}</h2>
      {expected !== undefined && <p class="hint">{printable(expected)}</p>}
      <p class="story-actions">
        <button
          type="button"
          class="link"
          onClick={() => {
            showAround(since, closedAt);
            goTo('overview');
          }}
        >
          All charts of that time
        </button>
        <button
          type="button"
          class="link"
          onClick={() => {
            moment.value = since;
            goTo('processes');
          }}
        >
          Processes when it began
        </button>
      </p>
      <div class="details">
        <AdvicePanel incident={incident} />
        <BrokenMetrics metrics={metrics} expected={kind === 'peers' ? 'Peers' : 'Usually'} />
        {culprits.length > 0 && <Culprits culprits={culprits} />}
        <EvidencePanel incident={incident} />
        <Timeline incident={incident} />
        <Feedback incident={incident} />
        <p class="rare">
          In a terminal: <code>homeostat incident {id.slice(0, 8)}</code>
        </p>
      </div>
    </section>
  );
}

interface Happening {
  readonly at: number;
  readonly what: string;
  readonly text: string;
}

/** What was seen and what was decided, in the order of time. */
function happenings({ signals, decisions, closedAt }: Incident): readonly Happening[] {
  return [
    ...signals.map(({ raisedAt, kind, severity, sentence }) => ({
      at: raisedAt,
      what: `${kind} · ${severity}`,
      text: sentence,
    })),
    ...decisions.map(({ at, what, told, why }) => ({
      at,
      what: told ? 'told' : 'not told',
      text: `${what}: ${why}`,
    })),
    ...(closedAt === undefined ? [] : [{ at: closedAt, what: 'end', text: 'the last sign of it' }]),
  ].sort((one, other) => one.at - other.at);
}

function Timeline({ incident }: { readonly incident: Incident }) {
  return (
    <table class="timeline">
      <caption>What happened when</caption>
      <tbody>
        {happenings(incident).map(({ at, what, text }, index) => (
          <tr key={index}>
            <td>
              <time title={fullTime(at)}>{clockTime(at)}</time>
            </td>
            <td>{what}</td>
            <td>{printable(text)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
