import { Dialog } from './process-dialog.tsx';
import { helpOpen } from './state.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['1 … 7', 'the last 5 min … 30 d'],
  ['l', 'back to live'],
  ['j  k', 'next, previous anomaly'],
  ['/', 'filter the processes'],
  ['↑ ↓ Enter', 'go through the process table, open one'],
  ['c  p', 'jump to the charts, to the processes'],
  ['t', 'colours: automatic, light, dark'],
  ['Esc', 'close, or back to live'],
  ['?', 'this help'],
];

export function Help() {
  return (
    <Dialog title="Keyboard" onClose={() => (helpOpen.value = false)}>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="hint">
        Draw over a chart with the mouse to look closer. Click a name below a chart to hide or show its line.
        The tinted strip is where the metric usually is on this machine.
      </p>
    </Dialog>
  );
}
