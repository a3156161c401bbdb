import { effect } from '@preact/signals';
import { render } from 'preact';
import { Anomalies } from './anomalies.tsx';
import './app.css';
import { printable } from '../src/lib/text.ts';
import { ChartCard, ScoreStrip } from './chart.tsx';
import { CoveragePanel } from './coverage.tsx';
import { Banner, Header, Toolbar } from './header.tsx';
import { Help } from './help.tsx';
import { followKeyboard } from './keyboard.ts';
import { Learning } from './learning.tsx';
import { ProcessDialog } from './process-dialog.tsx';
import { Processes } from './processes.tsx';
import { anomalies, groups, helpOpen, openProcess, problem, status } from './state.ts';
import { follow } from './stream.ts';
import { followTheme } from './theme.ts';

function App() {
  return (
    <>
      <div class="head">
        <Header />
        <Toolbar />
        <Banner />
      </div>
      <main id="overview">
        {problem.value && (
          <p class="banner" role="alert">
            {printable(problem.value)}
          </p>
        )}
        <ScoreStrip />
        <div class="pair">
          <Anomalies />
          <Learning />
        </div>
        <Charts />
        <Processes />
        <CoveragePanel />
      </main>
      {openProcess.value !== undefined && <ProcessDialog key={openProcess.value} id={openProcess.value} />}
      {helpOpen.value && <Help />}
    </>
  );
}

function Charts() {
  if (groups.value?.length === 0) {
    return (
      <section id="charts" class="card">
        <p class="empty">
          <b>The first sample is on its way.</b>Charts appear as soon as there is something to draw.
        </p>
      </section>
    );
  }
  return (
    <section id="charts" aria-label="Charts">
      {!groups.value && (
        <div class="grid">
          {[0, 1, 2].map((index) => (
            <div key={index} class="card skeleton tall" />
          ))}
        </div>
      )}
      {groups.value?.map(({ group, title, charts }) => (
        <section key={group} id={`group-${group}`} class="group" aria-label={title}>
          <h2>{title}</h2>
          <div class="grid">
            {charts.map((definition) => (
              <ChartCard key={definition.id} definition={definition} />
            ))}
          </div>
        </section>
      ))}
    </section>
  );
}

/** The tab says what a glance at the page would. */
effect(() => {
  const open = anomalies.value?.filter(({ state }) => state === 'open') ?? [];
  const worst = (['HIGH', 'MEDIUM', 'LOW'] as const).find((severity) =>
    open.some((one) => one.severity === severity),
  );
  const host = status.value ? printable(status.value.host.name) : 'Homeostat';
  document.title = worst ? `${worst} · ${host}` : host;
});

followTheme();
followKeyboard();
render(<App />, document.getElementById('app')!);
follow();
