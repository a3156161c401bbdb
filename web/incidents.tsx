import { duration, printable } from '../src/lib/text.ts';
import type { Incident } from '../src/model/incident.ts';
import { Severity } from './chart.tsx';
import { fullTime, shortTime } from './format.ts';
import { IncidentStory } from './incident-story.tsx';
import { incidents, now, openIncident, status } from './state.ts';

/** Everything that a person should act on or could have been told of: the list, and one of them as a story. */
export function Incidents() {
  const all = incidents.value;
  if (all === undefined) return <div class="card skeleton tall" />;
  if (all.length === 0) return <Quiet />;
  const chosen = all.find(({ id }) => id === openIncident.value);
  const open = all.filter(({ state }) => state === 'open').length;
  return (
    <div class={`incidents ${chosen ? 'has-story' : ''}`}>
      <section class="card" aria-labelledby="incidents-title">
        <header>
          <h2 id="incidents-title">Incidents</h2>
          <p class="now">
            {open > 0 ? `${open} open` : 'none open'} · {all.length} in 30 days
          </p>
        </header>
        <ol class="list">
          {all.map((incident) => (
            <Item key={incident.id} incident={incident} chosen={incident === chosen} />
          ))}
        </ol>
      </section>
      {chosen ? (
        <IncidentStory key={chosen.id} incident={chosen} />
      ) : (
        <section class="card story">
          <p class="empty">
            <b>Choose one to see what happened.</b>
            What broke, who did it, what was measured around it, and who was told.
          </p>
        </section>
      )}
    </div>
  );
}

function Quiet() {
  const isLearning = status.value?.learning?.phase === 'collecting';
  return (
    <section class="card">
      <p class="empty">
        <b>No incident so far.</b>
        {isLearning
          ? 'Still learning what is normal here; nobody is alarmed before the first model. Thresholds are watched already.'
          : 'What should be looked at appears here, as one thing with its beginning, its reason and its end.'}
      </p>
    </section>
  );
}

function Item({ incident, chosen }: { readonly incident: Incident; readonly chosen: boolean }) {
  const { id, severity, state, since, closedAt, sentence } = incident;
  return (
    <li class={`${state} ${chosen ? 'chosen' : ''}`} data-incident={id}>
      <button
        type="button"
        class="anomaly"
        aria-expanded={chosen}
        onClick={() => (openIncident.value = chosen ? undefined : id)}
      >
        <span class="meta">
          <Severity of={severity} />
          <Tags incident={incident} />
          <time title={fullTime(since)}>{shortTime(since, now.value)}</time>
          <span>{duration((closedAt ?? now.value) - since)}</span>
        </span>
        <span class="sentence">{printable(sentence)}</span>
      </button>
    </li>
  );
}

/** What is to be known of it before its sentence. */
export function Tags({ incident }: { readonly incident: Incident }) {
  const { state, provisional, flapping, returns, expected, verdict } = incident;
  return (
    <>
      {state === 'open' && <em class="open-tag">open</em>}
      {verdict === 'confirmed' && <em title="A person said that it is real">confirmed</em>}
      {expected !== undefined && <em title={printable(expected)}>expected</em>}
      {provisional && <em title="What found it had not seen enough yet">provisional</em>}
      {flapping ? (
        <em title="It comes and goes">flapping</em>
      ) : (
        returns > 0 && <em title="It closed and came back">came back {returns}×</em>
      )}
    </>
  );
}
