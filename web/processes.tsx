import { useEffect, useRef } from 'preact/hooks';
import { printable } from '../src/lib/text.ts';
import type { ProcessList } from './answers.ts';
import { HOST } from './api.ts';
import { fullTime } from './format.ts';
import { GroupTable } from './process-group-table.tsx';
import { LAYOUTS, type Layout, treeOf } from './process-groups.ts';
import { filter, followWhileSeen, limit, list, matching, showOnly } from './process-list.ts';
import { ProcessTable } from './process-table.tsx';
import { layout, MINUTE, moment, serverNow } from './state.ts';

export function Processes() {
  const root = useRef<HTMLElement>(null);
  useEffect(() => followWhileSeen(root.current!), []);
  const scan = list.value;
  return (
    <section class="card processes" id="processes" ref={root} aria-labelledby="processes-title">
      <header>
        <h2 id="processes-title">Processes</h2>
        <p class="now" aria-live="polite">
          {scan && summary(scan)}
        </p>
        <input
          id="filter"
          type="search"
          placeholder="Filter: name, path, pid …   /"
          aria-label="Filter the processes"
          value={filter.value}
          onInput={(event) => showOnly(event.currentTarget.value)}
        />
      </header>
      <div class="process-tools">
        <Layouts />
        <Moment />
      </div>
      {!scan ? <div class="skeleton tall" /> : scan.at === null ? <Nothing /> : <Found />}
    </section>
  );
}

function summary({ at, total, unreadable }: ProcessList): string {
  const blind = Object.entries(unreadable).map(([why, count]) => `${count} unreadable (${printable(why)})`);
  return [
    filter.value ? `${matching.value.length} of ${total}` : String(total),
    ...(HOST === undefined ? [] : ['values as they were told last']),
    ...(moment.value !== undefined && at !== null ? [`means of the minute from ${fullTime(at)}`] : []),
    ...(blind.length > 0 ? [blind.join(', ')] : []),
  ].join(' · ');
}

const TITLES: Readonly<Record<Layout, string>> = {
  list: 'List',
  tree: 'Tree',
  executable: 'Executable',
  user: 'User',
  container: 'Container',
};

function Layouts() {
  return (
    <fieldset class="chips" aria-label="Layout">
      {LAYOUTS.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={layout.value === one}
          onClick={() => (layout.value = one)}
        >
          {TITLES[one]}
        </button>
      ))}
    </fieldset>
  );
}

/** Which moment is looked at: now, or any that the history has. */
function Moment() {
  if (HOST !== undefined) return null;
  const chosen = moment.value;
  const step = (by: number) => {
    const next = (moment.peek() ?? serverNow()) + by;
    moment.value = next >= serverNow() ? undefined : next;
  };
  return (
    <div class="moment">
      <button type="button" onClick={() => step(-MINUTE)} aria-label="A minute earlier">
        ‹
      </button>
      <input
        type="datetime-local"
        aria-label="The moment to look at"
        value={localTime(chosen ?? serverNow())}
        onChange={(event) => {
          const at = new Date(event.currentTarget.value).getTime();
          if (Number.isFinite(at)) moment.value = at >= serverNow() ? undefined : at;
        }}
      />
      <button
        type="button"
        onClick={() => step(MINUTE)}
        disabled={chosen === undefined}
        aria-label="A minute later"
      >
        ›
      </button>
      <button
        type="button"
        class="now-button"
        aria-pressed={chosen === undefined}
        onClick={() => (moment.value = undefined)}
      >
        now
      </button>
    </div>
  );
}

/** As the field of a browser wants it: `2026-03-01T12:00`, by the viewer's clock. */
function localTime(at: number): string {
  const shifted = new Date(at - new Date(at).getTimezoneOffset() * MINUTE);
  return shifted.toISOString().slice(0, 16);
}

function Nothing() {
  if (moment.value === undefined) {
    return (
      <p class="empty">
        <b>The first scan is on its way.</b>
      </p>
    );
  }
  return (
    <p class="empty">
      <b>Nothing is kept of that moment.</b>
      Homeostat did not run then, or it is longer ago than the history of processes reaches.
    </p>
  );
}

function Found() {
  const found = matching.value;
  const shown = layout.value;
  if (found.length === 0) {
    return (
      <p class="empty">
        <b>No process matches.</b>
      </p>
    );
  }
  if (shown !== 'list' && shown !== 'tree') return <GroupTable by={shown} processes={found} />;
  const rows = shown === 'tree' ? treeOf(found) : found.map((process) => ({ process, depth: 0 }));
  return (
    <>
      <ProcessTable rows={rows.slice(0, limit.value)} tree={shown === 'tree'} />
      {rows.length > limit.value && (
        <button type="button" class="more-rows" onClick={() => (limit.value += 200)}>
          {rows.length - limit.value} more
        </button>
      )}
    </>
  );
}
