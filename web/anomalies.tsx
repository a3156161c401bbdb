import { duration, printable } from '../src/lib/text.ts';
import type { Anomaly } from '../src/model/anomaly.ts';
import { Severity } from './chart.tsx';
import { BrokenMetrics, Culprits } from './findings.tsx';
import { fullTime, shortTime } from './format.ts';
import { anomalies, now, selectedId, showAnomaly, showLive, status } from './state.ts';

const SHOWN = 30;

export function Anomalies() {
  const all = anomalies.value;
  const open = all?.filter(({ state }) => state === 'open').length ?? 0;
  return (
    <section class="card anomalies" id="anomalies" aria-labelledby="anomalies-title">
      <header>
        <h2 id="anomalies-title">Anomalies</h2>
        {all && all.length > 0 && (
          <p class="now">
            {open > 0 ? `${open} open` : 'none open'} · {all.length} in 30 days
          </p>
        )}
      </header>
      {all === undefined ? (
        <div class="skeleton" />
      ) : all.length === 0 ? (
        <Quiet />
      ) : (
        <ol class="list">
          {all.slice(0, SHOWN).map((anomaly) => (
            <Item key={anomaly.id} anomaly={anomaly} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Quiet() {
  const learning = status.value?.learning;
  if (learning?.phase === 'collecting') {
    const left = (learning.neededMs ?? 0) - learning.seenMs;
    return (
      <p class="empty">
        <b>Still learning what is normal here.</b>
        Nobody is alarmed before the first model{left > 0 ? `, in about ${duration(left)}` : ''}. The charts
        are live already.
      </p>
    );
  }
  if (status.value?.presence && !status.value.score) {
    return (
      <p class="empty">
        <b>Nothing was told so far.</b>
        The host learns what is normal there; it alarms nobody before its first model. The charts are live
        already.
      </p>
    );
  }
  return (
    <p class="empty">
      <b>Nothing unusual so far.</b>
      What comes up appears here, with the reason and the process behind it.
    </p>
  );
}

function Item({ anomaly }: { readonly anomaly: Anomaly }) {
  const chosen = selectedId.value === anomaly.id;
  const end = anomaly.closedAt ?? now.value;
  return (
    <li class={`${anomaly.state} ${chosen ? 'chosen' : ''}`} data-anomaly={anomaly.id}>
      <button
        type="button"
        class="anomaly"
        aria-expanded={chosen}
        onClick={() => (chosen ? showLive() : showAnomaly(anomaly))}
      >
        <span class="meta">
          <Severity of={anomaly.severity} />
          {anomaly.state === 'open' && <em class="open-tag">open</em>}
          {anomaly.provisional && <em title="The model had not seen enough yet">provisional</em>}
          <time title={fullTime(anomaly.since)}>{shortTime(anomaly.since, now.value)}</time>
          <span>{duration(end - anomaly.since)}</span>
        </span>
        <span class="sentence">{printable(anomaly.sentence)}</span>
      </button>
      {chosen && <Details anomaly={anomaly} />}
    </li>
  );
}

function Details({ anomaly }: { readonly anomaly: Anomaly }) {
  return (
    <div class="details">
      <p class="rare">
        Score {anomaly.score.toFixed(1)}: expected here once in {duration(anomaly.returnPeriodSeconds * 1000)}
        . Since {fullTime(anomaly.since)}
        {anomaly.closedAt ? ` until ${fullTime(anomaly.closedAt)}` : ', still open'}.
      </p>
      <BrokenMetrics metrics={anomaly.metrics} expected={anomaly.kind === 'peers' ? 'Peers' : 'Usually'} />
      {anomaly.culprits.length > 0 ? (
        <Culprits culprits={anomaly.culprits} />
      ) : (
        (anomaly.kind === 'machine' || anomaly.kind === 'process') && (
          <p class="rare">No process accounts for it.</p>
        )
      )}
    </div>
  );
}
