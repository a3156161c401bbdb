import { signal, useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { printable } from '../src/lib/text.ts';
import type { HostSummary } from '../src/model/host.ts';
import type { ListedProcess } from '../src/model/process.ts';
import { PAGES, TABS } from './address.ts';
import { fetchHosts, fetchProcesses, HOST } from './api.ts';
import { shortTime } from './format.ts';
import { goTo, permanentLink } from './navigate.ts';
import { canNotify, notifying, toggleNotifications } from './notify.ts';
import {
  anomalies,
  groups,
  helpOpen,
  now,
  openProcess,
  paletteOpen,
  period,
  RANGES,
  showAnomaly,
  showLive,
} from './state.ts';
import { nextTheme } from './theme.ts';

/** Something to go to or to do, found by any words of its text. */
interface Command {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
  readonly run: () => void;
}

const MOST = 12;

const processes = signal<readonly ListedProcess[]>([]);
const hosts = signal<readonly HostSummary[]>([]);

const overview = (then: () => void) => () => {
  goTo('overview');
  // The page is made in a microtask of its own, before this one.
  queueMicrotask(then);
};

function commands(): readonly Command[] {
  const command = (kind: string, text: string, run: () => void, id = text): Command => ({
    id: `${kind} ${id}`,
    kind,
    text,
    run,
  });
  return [
    ...PAGES.map((page) => command('Page', TABS[page].title, () => goTo(page))),
    ...RANGES.map(({ label, span }) =>
      command(
        'Period',
        `Last ${label}`,
        overview(() => showLive(span)),
      ),
    ),
    command('Do', 'Copy a link to what is seen now', () => {
      void navigator.clipboard.writeText(permanentLink(period()));
    }),
    command('Do', 'Change the colours', nextTheme),
    ...(canNotify
      ? [
          command(
            'Do',
            notifying.value ? 'Turn desktop notifications off' : 'Turn desktop notifications on',
            () => void toggleNotifications(),
          ),
        ]
      : []),
    command('Do', 'Keyboard help', () => (helpOpen.value = true)),
    ...hosts.value.map(({ name }) =>
      command('Host', printable(name), () => location.assign(`?host=${encodeURIComponent(name)}`)),
    ),
    ...(groups.value ?? []).flatMap(({ title, charts }) =>
      charts.map(({ id, title: chart }) =>
        command(
          'Chart',
          `${title}: ${printable(chart)}`,
          overview(() => document.getElementById(id)?.scrollIntoView({ block: 'center' })),
          id,
        ),
      ),
    ),
    ...(anomalies.value ?? []).map((anomaly) =>
      command(
        'Anomaly',
        `${shortTime(anomaly.since, now.peek())} ${printable(anomaly.sentence)}`,
        overview(() => showAnomaly(anomaly)),
        anomaly.id,
      ),
    ),
    ...processes.value.map(({ id, name, pid, executable }) =>
      command(
        'Process',
        `${printable(name)} · ${pid}${executable === undefined ? '' : ` · ${printable(executable)}`}`,
        () => (openProcess.value = id),
        id,
      ),
    ),
  ];
}

/** Those that hold every word; those that begin with the first one come first. */
function matching(all: readonly Command[], wanted: string): readonly Command[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter(({ kind, text }) => {
    const searched = `${kind} ${text}`.toLowerCase();
    return words.every((word) => searched.includes(word));
  });
  const begins = ({ text }: Command) => Number(text.toLowerCase().startsWith(words[0] ?? ''));
  return words.length === 0 ? found : found.sort((one, other) => begins(other) - begins(one));
}

/** Everything there is to go to and to do, by typing. */
export function Palette() {
  const root = useRef<HTMLDialogElement>(null);
  const wanted = useSignal('');
  const chosen = useSignal(0);
  const all = useComputed(commands);
  const found = useComputed(() => matching(all.value, wanted.value).slice(0, MOST));
  useEffect(() => {
    root.current!.showModal();
    fetchProcesses().then((list) => (processes.value = list.processes), ignore);
    if (HOST !== undefined) fetchHosts().then((answer) => (hosts.value = answer.hosts), ignore);
  }, []);
  const run = (command: Command | undefined): void => {
    if (!command) return;
    root.current!.close();
    command.run();
  };
  const step = (by: number): void => {
    const count = found.value.length;
    if (count > 0) chosen.value = (chosen.value + by + count) % count;
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Enter: () => run(found.value[chosen.value]),
  };
  return (
    <dialog
      ref={root}
      class="palette"
      aria-label="Go to or do"
      closedby="any"
      onClose={() => (paletteOpen.value = false)}
    >
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={`palette-${chosen.value}`}
        aria-label="What to go to or to do"
        placeholder="Page, chart, process, anomaly …"
        autocomplete="off"
        spellcheck={false}
        value={wanted.value}
        onInput={(event) => {
          wanted.value = event.currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={(event) => {
          const key = keys[event.key];
          if (!key) return;
          event.preventDefault();
          key();
        }}
      />
      <div role="listbox" id="palette-list" aria-label="Found">
        {found.value.map((command, index) => (
          <div
            key={command.id}
            id={`palette-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen.value}
            onClick={() => run(command)}
            onKeyDown={() => {}}
            onMouseMove={() => {
              chosen.value = index;
            }}
          >
            <small>{command.kind}</small>
            <span>{command.text}</span>
          </div>
        ))}
      </div>
      {found.value.length === 0 && <p class="hint">Nothing is called so.</p>}
    </dialog>
  );
}

/** The banner tells of a server that is gone; the rest of the list is there without it. */
const ignore = (): void => {};
