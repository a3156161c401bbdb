import { shellQuote } from '../../lib/shell-quote.ts';
import { formatValue } from '../../model/display.ts';
import { parseSeriesKey } from '../../model/metric.ts';
import type { Draft, Rule } from '../rule.ts';
import { quoted } from '../target.ts';

const HOT = 0.8;
const FULL = 0.95;

/** An interface near what its link carries. */
export const hotInterface: Rule = {
  name: 'hot-interface',
  advise: ({ metrics, linkSpeed, blame }) =>
    [...metrics].flatMap(([key, rate]): Draft[] => {
      if (!key.startsWith('system.network.io{')) return [];
      const attributes = parseSeriesKey(key)?.attributes;
      const name = attributes?.['network.interface.name'];
      const speed = name === undefined ? undefined : linkSpeed(name);
      if (name === undefined || !speed || rate < HOT * speed) return [];
      const direction = attributes?.['network.io.direction'] === 'receive' ? 'receives' : 'sends';
      const [culprit] = blame(key);
      return [
        {
          severity: rate >= FULL * speed ? 'HIGH' : 'MEDIUM',
          target: { kind: 'interface', name },
          subject: `interface ${quoted(name)}`,
          advice: `See which connections carry it${culprit ? `, those of ${quoted(culprit.name)} (pid ${culprit.pid}) first` : ''}; then bound that program's rate by its own settings.`,
          why: `it ${direction} ${formatValue(rate, 'By/s')} of at most ${formatValue(speed, 'By/s')}`,
          gain: `up to ${formatValue(rate - 0.5 * speed, 'By/s')} for others: what is beyond half of the link`,
          sure: culprit ? 'medium' : 'low',
          because: 'the kernel counts no bytes by process: who works most among those with sockets is named',
          command: `ip -s link show dev ${shellQuote(name)}; ss -Htnpi state established | head -n 40`,
          undo: 'nothing to undo: it only looks',
        },
      ];
    }),
};
