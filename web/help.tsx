import { PAGES, TABS } from './address.ts';
import { HOST } from './api.ts';
import { Dialog } from './process-dialog.tsx';
import { helpOpen } from './state.ts';

type Keys = readonly (readonly [string, string])[];

const HOSTS: Keys = [
  ['/', 'filter the hosts'],
  ['↑ ↓ Enter', 'go through the hosts, open one'],
  ['t', 'colours: automatic, light, dark'],
  ['?', 'this help'],
];
const MACHINE: Keys = [
  ['Ctrl K', 'go to or do anything, by typing'],
  ['1 … 7', 'the last 5 min … 30 d'],
  ['+  -', 'zoom in, out'],
  ['[  ]', 'earlier, later'],
  ['l', 'back to live'],
  ['j  k', 'next, previous anomaly'],
  ['/', 'filter the processes'],
  ['↑ ↓ Enter', 'go through the process table, open one'],
  ...PAGES.map((page) => [TABS[page].key, TABS[page].title] as const),
  ['t', 'colours: automatic, light, dark'],
  ['Esc', 'close, or back to live'],
  ['?', 'this help'],
  ...(HOST === undefined ? [] : [['h', 'all hosts'] as const]),
];

/** `of`: the page that it is about. */
export function Help({ of }: { readonly of: 'hosts' | 'machine' }) {
  const keys = of === 'hosts' ? HOSTS : MACHINE;
  return (
    <Dialog title="Keyboard" onClose={() => (helpOpen.value = false)}>
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      {of === 'machine' && (
        <p class="hint">
          Draw over a chart with the mouse to look closer, turn the wheel with Ctrl to zoom, drag with Shift
          to move in time, click twice to see the processes of that moment. Click a name below a chart to hide
          or show its line. The tinted strip is where the metric usually is on this machine.
        </p>
      )}
    </Dialog>
  );
}
