import type { Rule } from '../rule.ts';
import { containerLimit } from './container-limit.ts';
import { cpuHog } from './cpu-hog.ts';
import { descriptors } from './descriptors.ts';
import { diskFilling } from './disk-filling.ts';
import { forkStorm } from './fork-storm.ts';
import { frozenProcess } from './frozen-process.ts';
import { hotInterface } from './hot-interface.ts';
import { ioSaturation } from './io-saturation.ts';
import { leakingProcess } from './leaking-process.ts';
import { memoryPressure } from './memory-pressure.ts';
import { oversubscribed } from './oversubscribed.ts';
import { restartLoop } from './restart-loop.ts';
import { swapThrash } from './swap-thrash.ts';
import { zombieParent } from './zombie-parent.ts';

/** Every rule there is. A new one is added here, and nowhere else. */
export const RULES: readonly Rule[] = [
  leakingProcess,
  frozenProcess,
  cpuHog,
  memoryPressure,
  swapThrash,
  diskFilling,
  ioSaturation,
  descriptors,
  zombieParent,
  forkStorm,
  hotInterface,
  oversubscribed,
  containerLimit,
  restartLoop,
];
