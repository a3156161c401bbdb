import { duration, printable } from '../src/lib/text.ts';
import { AGAINST, type Against, PAGES, TABS } from './address.ts';
import { HOST } from './api.ts';
import { shortTime } from './format.ts';
import { page } from './navigate.ts';
import { canNotify, notifying, toggleNotifications } from './notify.ts';
import { PageLink } from './page-link.tsx';
import { Who } from './sign-in.tsx';
import {
  against,
  connection,
  helpOpen,
  incidents,
  now,
  paletteOpen,
  RANGES,
  sampleAge,
  showLive,
  stale,
  status,
  view,
} from './state.ts';
import { nextTheme, theme } from './theme.ts';

export function Header() {
  const host = status.value?.host;
  return (
    <header class="top">
      {HOST === undefined ? (
        <PageLink to="overview" class="brand" title="Overview (o)">
          <img src="icon.svg" alt="" width="26" height="26" />
          <span>Homeostat</span>
        </PageLink>
      ) : (
        <a class="brand" href="./" aria-label="All hosts (h)" title="All hosts (h)">
          <img src="icon.svg" alt="" width="26" height="26" />
          <b>‹ Hosts</b>
        </a>
      )}
      <h1>
        {host ? printable(host.name) : '…'}{' '}
        {host && (
          <small>
            {printable(host.os ?? '')}
            {host.memory === undefined
              ? ''
              : ` · ${host.cpus} CPUs · ${Math.round(host.memory / 2 ** 30)} GiB`}
          </small>
        )}
      </h1>
      <div class="pills">
        <IncidentsPill />
        <LearningPill />
        <CoveragePill />
        <LivePill />
      </div>
      <Tools />
    </header>
  );
}

/** What every page has. */
export function Tools() {
  return (
    <div class="tools">
      <Who />
      {canNotify && (
        <button
          type="button"
          class="icon"
          aria-pressed={notifying.value}
          onClick={() => void toggleNotifications()}
          aria-label={`Desktop notifications: ${notifying.value ? 'on' : 'off'}. Change`}
          title={`Desktop notifications: ${notifying.value ? 'on' : 'off'}`}
        >
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path
              d="M8 2a4 4 0 0 0-4 4v3l-1.3 2h10.6L12 9V6a4 4 0 0 0-4-4ZM6.5 12.5a1.5 1.5 0 0 0 3 0"
              fill={notifying.value ? 'currentColor' : 'none'}
              stroke="currentColor"
              stroke-width="1.2"
              stroke-linejoin="round"
            />
          </svg>
        </button>
      )}
      <button
        type="button"
        class="icon"
        onClick={nextTheme}
        aria-label={`Colours: ${theme.value}. Change (t)`}
        title={`Colours: ${theme.value} (t)`}
      >
        {{ auto: '◐', light: '☀', dark: '☾' }[theme.value]}
      </button>
      <button
        type="button"
        class="icon"
        onClick={() => (helpOpen.value = true)}
        aria-label="Keyboard help (?)"
        title="Keyboard help (?)"
      >
        ?
      </button>
    </div>
  );
}

function IncidentsPill() {
  const all = incidents.value;
  if (!all) return null;
  const open = all.filter(({ state, expected }) => state === 'open' && expected === undefined);
  return (
    <PageLink to="incidents" class={`pill ${open.length === 0 ? 'good' : 'bad'}`}>
      <i aria-hidden="true" />
      {open.length === 0 ? 'All well' : open.length === 1 ? '1 incident' : `${open.length} incidents`}
    </PageLink>
  );
}

function LearningPill() {
  const learning = status.value?.learning;
  if (!learning) return null;
  const left = learning.neededMs === undefined ? undefined : learning.neededMs - learning.seenMs;
  const text = {
    collecting: 'Learning',
    provisional: 'Provisional',
    calibrated: 'Calibrated',
  }[learning.phase];
  return (
    <PageLink to="models" class={`pill ${learning.phase === 'calibrated' ? 'good' : 'wait'}`}>
      <i aria-hidden="true" />
      {text}
      {left !== undefined && left > 0 && <span class="more"> · {duration(left)} left</span>}
    </PageLink>
  );
}

function CoveragePill() {
  const coverage = status.value?.coverage;
  if (!coverage) return null;
  const troubled = coverage.collectors.filter(
    ({ outcome, blind }) => outcome !== 'ok' || blind.length > 0,
  ).length;
  return (
    <PageLink to="coverage" class={`pill ${coverage.healthy ? 'good' : 'bad'}`}>
      <i aria-hidden="true" />
      {coverage.healthy ? 'Sees everything' : `Partly blind`}
      {troubled > 0 && <span class="more"> · {troubled} to look at</span>}
    </PageLink>
  );
}

function LivePill() {
  const age = sampleAge.value;
  const [kind, word] = liveness(age);
  const ago = age === undefined ? undefined : age < 2000 ? 'now' : `${duration(age)} ago`;
  return (
    <span class={`pill live ${kind}`} role="status" aria-live={kind === 'bad' ? 'polite' : 'off'}>
      <i aria-hidden="true" />
      {word}
      {ago && <span class="more"> · {ago}</span>}
    </span>
  );
}

/** How the latest sample is to be taken: a look and a word. */
function liveness(age: number | undefined): readonly ['good' | 'wait' | 'bad', string] {
  if (connection.value === 'lost') return ['bad', 'Disconnected'];
  const state = status.value?.presence?.state;
  if (state === 'silent') return ['bad', 'Silent'];
  if (state === 'stopped') return ['wait', 'Stopped'];
  if (stale.value) return ['bad', 'Stale'];
  return age === undefined ? ['wait', 'Waiting'] : ['good', 'Live'];
}

/** What stands between the person and the truth, in one line each. */
export function Banner() {
  const age = sampleAge.value;
  if (connection.value === 'lost') {
    return (
      <p class="banner" role="alert">
        <b>Disconnected.</b> What you see is {age === undefined ? 'old' : `${duration(age)} old`}. Trying
        again …
      </p>
    );
  }
  const presence = status.value?.presence;
  const name = printable(status.value?.host.name ?? '');
  if (presence?.state === 'silent' || presence?.state === 'stopped') {
    const lasts = duration(now.value - (presence.since ?? now.value));
    return (
      <p class={`banner ${presence.state === 'stopped' ? 'calm' : ''}`} role="alert">
        {presence.state === 'silent' ? (
          <>
            <b>
              Nothing is heard of {name} for {lasts}.
            </b>{' '}
            It did not say that it stops. What you see is from before.
          </>
        ) : (
          <>
            <b>
              {name} was stopped on purpose {lasts} ago.
            </b>{' '}
            What you see is from before.
          </>
        )}
      </p>
    );
  }
  if (stale.value && age !== undefined && presence) {
    return (
      <p class="banner" role="alert">
        <b>
          No sample of {name} for {duration(age)}.
        </b>{' '}
        The hub answers; the host may send late.
      </p>
    );
  }
  if (stale.value && age !== undefined) {
    return (
      <p class="banner" role="alert">
        <b>No sample for {duration(age)}.</b> Homeostat answers, but does not measure: see Coverage below.
      </p>
    );
  }
  return null;
}

function Tabs() {
  return (
    <nav class="tabs" aria-label="Pages">
      {PAGES.map((one) => (
        <PageLink key={one} to={one} title={`${TABS[one].title} (${TABS[one].key})`}>
          {TABS[one].title}
        </PageLink>
      ))}
    </nav>
  );
}

export function Toolbar() {
  return (
    <div class="toolbar">
      <Tabs />
      <button
        type="button"
        class="search"
        onClick={() => (paletteOpen.value = true)}
        title="Go to or do anything (Ctrl K)"
      >
        Search <kbd>Ctrl K</kbd>
      </button>
      {page.value === 'overview' && <Period />}
    </div>
  );
}

/** Which time the charts show. */
function Period() {
  const current = view.value;
  return (
    <>
      {current.kind === 'fixed' && (
        <button type="button" class="back" onClick={() => showLive()} title="Back to live (l)">
          {shortTime(current.from, now.value)} – {shortTime(current.to, now.value)} <span>× live</span>
        </button>
      )}
      <select
        class="against"
        aria-label="Compare with"
        title="Lay the same hours of an earlier day over the charts"
        value={against.value}
        onChange={(event) => (against.value = event.currentTarget.value as Against)}
      >
        {AGAINST.map((one) => (
          <option key={one} value={one}>
            {{ nothing: 'Compare …', day: 'with yesterday', week: 'with last week' }[one]}
          </option>
        ))}
      </select>
      <fieldset class="ranges" aria-label="Range">
        {RANGES.map(({ label, span }, index) => (
          <button
            key={label}
            type="button"
            aria-pressed={current.kind === 'live' && current.span === span}
            title={`The last ${label} (${index + 1})`}
            onClick={() => showLive(span)}
          >
            {label}
          </button>
        ))}
      </fieldset>
    </>
  );
}
