import { effect } from '@preact/signals';
import { render } from 'preact';
import { Anomalies } from './anomalies.tsx';
import './app.css';
import { printable } from '../src/lib/text.ts';
import { fetchHosts, HOST, loadSession } from './api.ts';
import { ChartCard, ScoreStrip } from './chart.tsx';
import { CoveragePanel } from './coverage.tsx';
import { Banner, Header, Toolbar } from './header.tsx';
import { Help } from './help.tsx';
import { followTitle, HostsPage, startWith } from './hosts.tsx';
import { Incidents } from './incidents.tsx';
import { followKeyboard } from './keyboard.ts';
import { Learning } from './learning.tsx';
import { followAddress, page } from './navigate.ts';
import { beInstallable } from './notify.ts';
import { Palette } from './palette.tsx';
import { Problem } from './problem.tsx';
import { ProcessDialog } from './process-dialog.tsx';
import { Processes } from './processes.tsx';
import { session, signingIn } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { anomalies, groups, helpOpen, openProcess, paletteOpen, status } from './state.ts';
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
        <Problem />
        <Shown />
      </main>
      {openProcess.value !== undefined && <ProcessDialog key={openProcess.value} id={openProcess.value} />}
      {helpOpen.value && <Help of="machine" />}
      {paletteOpen.value && <Palette />}
    </>
  );
}

/** The page that is looked at. */
function Shown() {
  switch (page.value) {
    case 'overview':
      return <Overview />;
    case 'incidents':
      return <Incidents />;
    case 'processes':
      return <Processes />;
    case 'models':
      return status.value && !status.value.learning ? <ModelElsewhere /> : <Learning />;
    case 'coverage':
      return <CoveragePanel />;
  }
}

/** A hub is told what a model finds, and not the model. */
function ModelElsewhere() {
  return (
    <section class="card" id="learning">
      <p class="empty">
        <b>The model stays on its host.</b>
        There, <code>homeostat model list</code> and <code>homeostat model show</code> tell of it.
      </p>
    </section>
  );
}

function Overview() {
  return (
    <>
      <ScoreStrip />
      <div class={status.value && !status.value.learning ? '' : 'pair'}>
        <Anomalies />
        {(!status.value || status.value.learning) && <Learning />}
      </div>
      <Charts />
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
const followStatus = () =>
  effect(() => {
    const open = anomalies.value?.filter(({ state }) => state === 'open') ?? [];
    const worst = (['HIGH', 'MEDIUM', 'LOW'] as const).find((severity) =>
      open.some((one) => one.severity === severity),
    );
    const host = status.value ? printable(status.value.host.name) : 'Homeostat';
    document.title = worst ? `${worst} · ${host}` : host;
  });

/** A hub's first page is the list of its hosts; every other page is about one machine. */
async function begin(): Promise<void> {
  const root = document.getElementById('app')!;
  // Where nothing answers the page says so, as it does later.
  await loadSession().catch(() => {});
  effect(() => {
    if (signingIn.value) render(<SignIn />, root);
  });
  if (signingIn.peek() && !session.peek()?.readingIsOpen) return;
  const answer = HOST === undefined ? await fetchHosts().catch(() => undefined) : undefined;
  if (answer?.hub) {
    startWith(answer);
    followTitle();
    followKeyboard('hosts');
    render(<HostsPage />, root);
    return;
  }
  followAddress();
  followStatus();
  followKeyboard('machine');
  render(<App />, root);
  follow();
}

followTheme();
beInstallable();
void begin();
