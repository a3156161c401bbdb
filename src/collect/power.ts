import type { Host } from './host.ts';
import { attributeNumber, attributeText, namesIn } from './sysfs.ts';

/** How often to look: at the machine's metrics, and at all of its processes. */
export interface Intervals {
  readonly metricsMs: number;
  readonly processesMs: number;
  readonly reason: string;
}

const USUAL: Intervals = { metricsMs: 1000, processesMs: 5000, reason: 'default' };
const ON_BATTERY: Intervals = { metricsMs: 5000, processesMs: 25_000, reason: 'on battery' };
const TOO_HOT: Intervals = { metricsMs: 10_000, processesMs: 50_000, reason: 'thermally critical' };

const POWER = '/sys/class/power_supply';
const THERMAL = '/sys/class/thermal';
/** At the critical point the kernel switches the machine off; so near it, nobody should add heat. */
const NEAR_CRITICAL = 5000;

/** The intervals that suit the machine's state now: slower when each look costs battery, or heat. */
export function adaptiveIntervals(host: Host): Intervals {
  if (isTooHot(host)) return TOO_HOT;
  return isOnBattery(host) ? ON_BATTERY : USUAL;
}

/** A battery that discharges while no mains supply is online; a machine without a battery never is. */
function isOnBattery(host: Host): boolean {
  let discharging = false;
  for (const supply of namesIn(host, POWER)) {
    const file = (name: string): string | undefined => attributeText(host, `${POWER}/${supply}/${name}`);
    const type = file('type');
    if (type === 'Battery') discharging ||= file('scope') !== 'Device' && file('status') === 'Discharging';
    else if ((type === 'Mains' || type === 'USB') && file('online') === '1') return false;
  }
  return discharging;
}

/** A thermal zone at its `hot` trip point, or within 5 °C of the `critical` one. */
function isTooHot(host: Host): boolean {
  return namesIn(host, THERMAL).some((zone) => {
    if (!zone.startsWith('thermal_zone')) return false;
    const temperature = attributeNumber(host, `${THERMAL}/${zone}/temp`);
    return temperature >= hottestAllowed(host, `${THERMAL}/${zone}`);
  });
}

/** m°C; Infinity where the zone names no such point. A point of 0 or below is one that the driver does not know. */
function hottestAllowed(host: Host, zone: string): number {
  let allowed = Number.POSITIVE_INFINITY;
  for (let trip = 0; ; trip++) {
    const type = attributeText(host, `${zone}/trip_point_${trip}_type`);
    if (type === undefined) return allowed;
    const point = attributeNumber(host, `${zone}/trip_point_${trip}_temp`);
    if (!(point > 0)) continue;
    if (type === 'hot') allowed = Math.min(allowed, point);
    else if (type === 'critical') allowed = Math.min(allowed, point - NEAR_CRITICAL);
  }
}
