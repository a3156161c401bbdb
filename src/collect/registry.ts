import type { Collector } from './collector.ts';
import { createCpuCollector } from './cpu/linux.ts';
import { createDeviceCollector } from './device/linux.ts';
import { createDiskCollector } from './disk/linux.ts';
import { createFilesCollector } from './files/linux.ts';
import { createFilesystemCollector } from './filesystem/linux.ts';
import { createMemoryCollector } from './memory/linux.ts';
import { createNetworkCollector } from './network/linux.ts';
import { createPressureCollector } from './pressure/linux.ts';
import { createProcessCountCollector } from './process-count/linux.ts';

/** Every collector there is. A new one is added here, and nowhere else. */
const ALL: readonly (() => Collector)[] = [
  createCpuCollector,
  createMemoryCollector,
  createPressureCollector,
  createDiskCollector,
  createFilesystemCollector,
  createNetworkCollector,
  createProcessCountCollector,
  createFilesCollector,
  createDeviceCollector,
];

/** New collectors, without a past, for that platform. */
export function collectorsFor(platform: NodeJS.Platform): readonly Collector[] {
  return ALL.map((create) => create()).filter((collector) => collector.platforms.includes(platform));
}
