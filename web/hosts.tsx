import { computed, effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { duration, printable } from '../src/lib/text.ts';
import type { HostSummary, HostsAnswer } from '../src/model/host.ts';
import type { Incident } from '../src/model/incident.ts';
import { ApiError, fetchHosts, fetchIncidents } from './api.ts';
import { Severity } from './chart.tsx';
import { fullTime, shortTime } from './format.ts';
import { Tools } from './header.tsx';
import { Help } from './help.tsx';
import { Tags } from './incidents.tsx';
import { Problem } from './problem.tsx';
import { compare, Heading, moveInRows } from './rows.tsx';
import { connection, DAY, helpOpen, learnSkew, now, problem, serverNow } from './state.ts';

const EVERY_MS = 5000;
const FINDINGS = 30;

const hosts = signal<readonly HostSummary[]>([]);
const findings = signal<readonly Incident[] | undefined>(undefined);
const filter = signal('');
/** Rows that are shown before more are asked for: a table of a thousand is read by nobody and slows down every look. */
const limit = signal(100);
const sort = signal<{ readonly id: string; readonly down: boolean }>({ id: 'state', down: true });

/** Who needs a look comes first: silent, then by the worst open anomaly, then by the score. */
function attention({ state, worst, score, healthy }: HostSummary): number {
  const severity = worst === undefined ? 0 : { LOW: 1, MEDIUM: 2, HIGH: 3 }[worst];
  const place = { silent: 1000, up: 0, stopped: -1000, never: -2000, revoked: -3000 }[state];
  return place + severity * 100 + (healthy === false ? 50 : 0) + Math.min(20, score?.value ?? 0);
}

interface ColumnDefinition {
  readonly id: string;
  readonly title: string;
  readonly of: (host: HostSummary) => number | string | undefined;
  readonly number?: boolean;
  readonly wide?: boolean;
}

const COLUMNS: readonly ColumnDefinition[] = [
  { id: 'name', title: 'Host', of: ({ name }) => name.toLowerCase() },
  { id: 'state', title: 'State', of: attention },
  { id: 'score', title: 'Score', of: ({ score }) => score?.value, number: true, wide: true },
  { id: 'anomalies', title: 'Anomalies', of: ({ openAnomalies }) => openAnomalies, number: true },
  { id: 'seen', title: 'Last seen', of: ({ seenAt }) => seenAt, number: true, wide: true },
  { id: 'system', title: 'System', of: ({ os, osVersion }) => `${os} ${osVersion}`, wide: true },
];

const shown = computed(() => {
  const wanted = filter.value.trim().toLowerCase();
  const found = hosts.value.filter(({ name, os, state }) =>
    `${name} ${os} ${state}`.toLowerCase().includes(wanted),
  );
  const { id, down } = sort.value;
  const { of } = COLUMNS.find((column) => column.id === id)!;
  const sign = down ? -1 : 1;
  return found.sort((one, other) => compare(of(one), of(other), sign) || compare(one.name, other.name, 1));
});

const pageOf = (host: string): string => `?host=${encodeURIComponent(host)}`;

/** The first page of a hub: all hosts, and what is or was unusual on any of them. */
export function HostsPage() {
  useEffect(follow, []);
  return (
    <>
      <div class="head">
        <HostsHeader />
      </div>
      <main id="overview">
        <Problem />
        <HostTable />
        <Findings />
      </main>
      {helpOpen.value && <Help of="hosts" />}
    </>
  );
}

/** Takes what the server said when the page began, and asks again for good. */
export function startWith(answer: HostsAnswer): void {
  learnSkew(answer.at);
  now.value = answer.at;
  hosts.value = answer.hosts;
  connection.value = 'live';
}

function follow(): () => void {
  const load = async (): Promise<void> => {
    try {
      const [answer, found] = await Promise.all([fetchHosts(), fetchIncidents(serverNow() - 30 * DAY)]);
      startWith(answer);
      findings.value = found;
      problem.value = undefined;
    } catch (error) {
      connection.value = 'lost';
      problem.value =
        error instanceof ApiError
          ? error.message
          : 'The hub does not answer. What you see is old; trying again …';
    }
  };
  void load();
  const loading = setInterval(() => void load(), EVERY_MS);
  const ticking = setInterval(() => {
    now.value = serverNow();
  }, 1000);
  return () => {
    clearInterval(loading);
    clearInterval(ticking);
  };
}

const STATES = [
  ['up', 'good'],
  ['silent', 'bad'],
  ['stopped', 'wait'],
  ['never', 'wait'],
  ['revoked', 'wait'],
] as const;

function HostsHeader() {
  const count = hosts.value.length;
  return (
    <header class="top">
      <a class="brand" href="./" aria-label="Homeostat, all hosts">
        <img src="icon.svg" alt="" width="26" height="26" />
        <span>Homeostat</span>
      </a>
      <h1>{count === 1 ? '1 host' : `${count} hosts`}</h1>
      <div class="pills">
        {STATES.map(([state, look]) => {
          const several = hosts.value.filter((host) => host.state === state).length;
          return several === 0 ? null : (
            <span key={state} class={`pill ${look}`}>
              <i aria-hidden="true" />
              {several} {state === 'never' ? 'never heard' : state}
            </span>
          );
        })}
      </div>
      <Tools />
    </header>
  );
}

function HostTable() {
  const all = hosts.value.length;
  return (
    <section class="card processes hosts" id="hosts" aria-labelledby="hosts-title">
      <header>
        <h2 id="hosts-title">Hosts</h2>
        <p class="now" aria-live="polite">
          {filter.value ? `${shown.value.length} of ${all}` : ''}
        </p>
        <input
          id="filter"
          type="search"
          placeholder="Filter: name, system, state   /"
          aria-label="Filter the hosts"
          value={filter.value}
          onInput={(event) => {
            filter.value = event.currentTarget.value;
          }}
        />
      </header>
      {all === 0 ? (
        <p class="empty">
          <b>No host was heard yet.</b>A host appears here as soon as its agent publishes: let one in, and
          start <code>homeostat agent</code> on it.
        </p>
      ) : (
        <table onKeyDown={moveInRows}>
          <thead>
            <tr>
              {COLUMNS.map(({ id, title, number, wide }) => (
                <Heading
                  key={id}
                  name={id}
                  title={title}
                  number={number ?? false}
                  wide={wide ?? false}
                  sorted={sort.value.id !== id ? 'none' : sort.value.down ? 'descending' : 'ascending'}
                  onSort={() => sortBy(id)}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.value.slice(0, limit.value).map((host, index) => (
              <Row key={host.name} host={host} first={index === 0} />
            ))}
          </tbody>
        </table>
      )}
      {shown.value.length > limit.value && (
        <button type="button" class="more-rows" onClick={() => (limit.value += 500)}>
          {shown.value.length - limit.value} more
        </button>
      )}
      {all > 0 && shown.value.length === 0 && (
        <p class="empty">
          <b>No host matches.</b>
        </p>
      )}
    </section>
  );
}

function sortBy(id: string): void {
  const before = sort.peek();
  sort.value = { id, down: before.id === id ? !before.down : id !== 'name' && id !== 'system' };
}

function Row({ host, first }: { readonly host: HostSummary; readonly first: boolean }) {
  const { name, score, openAnomalies, worst, seenAt, os, osVersion, cpus, memory } = host;
  const open = () => {
    if (seenAt !== undefined) location.assign(pageOf(name));
  };
  return (
    <tr
      tabIndex={first ? 0 : -1}
      data-host={name}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key === 'Enter') open();
      }}
    >
      <td class="name">
        {seenAt === undefined ? printable(name) : <a href={pageOf(name)}>{printable(name)}</a>}
      </td>
      <td class="state">
        <State host={host} />
      </td>
      <td class="number wide">{score ? score.value.toFixed(1) : '–'}</td>
      <td class="number anomalies">
        {worst && <Severity of={worst} />} <b>{openAnomalies === 0 ? '–' : openAnomalies}</b>
      </td>
      <td class="number wide">{seenAt === undefined ? '–' : `${duration(now.value - seenAt)} ago`}</td>
      <td class="wide">
        {os === undefined
          ? '–'
          : `${printable(os)} ${printable(osVersion ?? '')} · ${cpus} CPUs · ${Math.round((memory ?? 0) / 2 ** 30)} GiB`}
      </td>
    </tr>
  );
}

/** Told by word and shape, not by colour alone. */
function State({ host: { state, since, healthy } }: { readonly host: HostSummary }) {
  const look = STATES.find(([one]) => one === state)![1];
  const lasts = since === undefined ? '' : ` · ${duration(now.value - since)}`;
  const partly = state === 'up' && healthy === false;
  return (
    <span
      class={`mark ${partly ? 'wait' : look}`}
      title={since === undefined ? '' : `since ${fullTime(since)}`}
    >
      <i aria-hidden="true" />
      {
        {
          up: partly ? 'partly blind' : 'up',
          silent: 'silent',
          stopped: 'stopped',
          never: 'never heard',
          revoked: 'revoked',
        }[state]
      }
      <small>{lasts}</small>
    </span>
  );
}

function Findings() {
  const all = findings.value;
  const open = all?.filter(({ state }) => state === 'open').length ?? 0;
  return (
    <section class="card anomalies" id="incidents" aria-labelledby="incidents-title">
      <header>
        <h2 id="incidents-title">Incidents of all hosts</h2>
        {all && all.length > 0 && <p class="now">{open > 0 ? `${open} open` : 'none open'}, latest first</p>}
      </header>
      {all === undefined ? (
        <div class="skeleton" />
      ) : all.length === 0 ? (
        <p class="empty">
          <b>No incident on any host so far.</b>
          What should be looked at appears here, with its host.
        </p>
      ) : (
        <ol class="list">
          {all.slice(0, FINDINGS).map((incident) => (
            <Finding key={`${incident.host} ${incident.id}`} incident={incident} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Finding({ incident }: { readonly incident: Incident }) {
  const { id, host, severity, state, since, closedAt, sentence } = incident;
  return (
    <li class={state}>
      <a class="anomaly" href={`${pageOf(host)}&page=incidents&incident=${encodeURIComponent(id)}`}>
        <span class="meta">
          <Severity of={severity} />
          <b class="host">{printable(host)}</b>
          <Tags incident={incident} />
          <time title={fullTime(since)}>{shortTime(since, now.value)}</time>
          <span>{duration((closedAt ?? now.value) - since)}</span>
        </span>
        <span class="sentence">{printable(sentence)}</span>
      </a>
    </li>
  );
}

/** The tab says what a glance at the page would. */
export function followTitle(): void {
  effect(() => {
    const silent = hosts.value.filter(({ state }) => state === 'silent').length;
    document.title = silent > 0 ? `${silent} silent · Homeostat` : `${hosts.value.length} hosts · Homeostat`;
  });
}
