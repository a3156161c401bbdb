import { duration, printable } from '../src/lib/text.ts';
import type { CollectorReport, Coverage, ToldLoss } from '../src/model/coverage.ts';
import { formatValue } from '../src/model/display.ts';
import type { ToldStatus } from '../src/model/status.ts';
import { HOST } from './api.ts';
import { optional, shortTime } from './format.ts';
import { Fact } from './learning.tsx';
import { now, status } from './state.ts';

export function CoveragePanel() {
  const current = status.value;
  const coverage = current?.coverage;
  return (
    <section class="card" id="coverage" aria-labelledby="coverage-title">
      <header>
        <h2 id="coverage-title">Coverage</h2>
        {coverage && (
          <p class="now">
            {coverage.healthy ? 'sees all that it should' : 'blind to something that it should see'}
          </p>
        )}
      </header>
      {!current ? (
        <div class="skeleton" />
      ) : (
        <div class="coverage">
          {coverage && coverage.collectors.length > 0 && <Collectors reports={coverage.collectors} />}
          <div>
            {coverage ? <Losses coverage={coverage} /> : <p class="hint">The host has not told yet.</p>}
            <Itself current={current} />
          </div>
        </div>
      )}
    </section>
  );
}

function Collectors({ reports }: { readonly reports: readonly CollectorReport[] }) {
  return (
    <table>
      <caption>Collectors</caption>
      <thead>
        <tr>
          <th>Collector</th>
          <th>State</th>
          <th class="number">Took</th>
          <th class="number">Series</th>
          <th class="number wide">Failures</th>
        </tr>
      </thead>
      <tbody>
        {reports.map((report) => (
          <Collector key={report.collector} report={report} />
        ))}
      </tbody>
    </table>
  );
}

function Losses({ coverage: { storeProblem, losses } }: { readonly coverage: Coverage }) {
  return (
    <>
      {storeProblem !== undefined && (
        <p class="hint" role="alert">
          Nothing can be stored now: {printable(storeProblem)}. The latest data waits in memory.
        </p>
      )}
      <h3>{HOST === undefined ? 'Lost' : 'Lost or not seen'}</h3>
      {losses.length === 0 ? (
        <p class="hint">Nothing was lost since the start.</p>
      ) : (
        <ul class="losses">
          {losses.map((loss) => (
            <Lost key={`${loss.what} ${loss.why}`} loss={loss} />
          ))}
        </ul>
      )}
    </>
  );
}

function Itself({ current }: { readonly current: ToldStatus }) {
  const { version, startedAt, self, store, dataFolder } = current;
  return (
    <>
      <h3>{HOST === undefined ? 'Homeostat itself' : 'Homeostat there, and its history here'}</h3>
      <dl>
        {version !== undefined && <Fact name="Version" value={printable(version)} />}
        {startedAt !== undefined && <Fact name="Running for" value={duration(now.value - startedAt)} />}
        {self && (
          <Fact
            name="Its own cost"
            value={`${optional(self.cpu, '1')} of a core, ${formatValue(self.rss, 'By')}`}
          />
        )}
        <Fact
          name="On disk"
          value={`${formatValue(store.bytes, 'By')} of ${formatValue(store.capBytes, 'By')}, ${store.series} series`}
        />
        <Fact name="Intervals" value={intervalsOf(current)} />
        <Fact name="Data folder" value={printable(dataFolder)} />
      </dl>
    </>
  );
}

function intervalsOf({ intervals, presence }: ToldStatus): string {
  if (!intervals) return `heard each ${duration(presence?.everyMs ?? 0)}`;
  const { metricsMs, processesMs, reason } = intervals;
  return `metrics each ${duration(metricsMs)}, processes each ${duration(processesMs)} (${printable(reason)})`;
}

function Collector({ report }: { readonly report: CollectorReport }) {
  const { collector, outcome, durationMs, metrics, failures, blind, error } = report;
  const blindly = outcome === 'ok' && blind.length > 0;
  return (
    <>
      <tr>
        <td>{printable(collector)}</td>
        <td>
          <span class={`outcome ${blindly ? 'partly' : outcome}`}>{blindly ? 'partly blind' : outcome}</span>
        </td>
        <td class="number">{formatValue(durationMs / 1000, 's')}</td>
        <td class="number">{metrics}</td>
        <td class="number wide">{failures}</td>
      </tr>
      {(error || blind.length > 0) && (
        <tr class="why">
          <td colSpan={5}>
            {error && <p>{printable(error)}</p>}
            {blind.map(({ what, why, remedy }) => (
              <p key={what}>
                Cannot see {printable(what)}: {printable(why)}.{' '}
                {remedy && <b>Remedy: {printable(remedy)}.</b>}
              </p>
            ))}
          </td>
        </tr>
      )}
    </>
  );
}

function Lost({ loss }: { readonly loss: ToldLoss }) {
  return (
    <li>
      <b>
        {loss.count > 0 && loss.count.toLocaleString('en')} {printable(loss.what)}
      </b>
      : {printable(loss.why)} <small>last {shortTime(loss.lastAt, now.value)}</small>
    </li>
  );
}
