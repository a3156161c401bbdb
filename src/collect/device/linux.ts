/**
 * Temperatures from /sys/class/hwmon (Documentation/hwmon/sysfs-interface.rst, millidegrees Celsius) and
 * /sys/class/thermal (Documentation/driver-api/thermal/sysfs-api.rst), batteries from /sys/class/power_supply.
 *
 * Some sensors wake a disk or a controller to answer, so they are asked every 10 s and repeated in between, and what is
 * there is looked for once a minute. A zone that is a hwmon sensor too (the driver offers both) is left to hwmon.
 */
import { type Metric, type Series, series } from '../../model/metric.ts';
import type { Collection, Collector } from '../collector.ts';
import { pushGauge } from '../counter.ts';
import type { Host } from '../host.ts';
import { attributeNumber, attributeText, namesIn } from '../sysfs.ts';

const HWMON = '/sys/class/hwmon';
const THERMAL = '/sys/class/thermal';
const POWER = '/sys/class/power_supply';
const EVERY_MS = 10_000;
const LOOK_EVERY_MS = 60_000;
/** What a sensor on this planet can say; drivers of absent ones say -273 or 127.5 and more. */
const COLDEST = -100;
const HOTTEST = 250;

interface Gauge {
  readonly path: string;
  readonly series: Series;
  readonly divisor: number;
}

export function createDeviceCollector(): Collector {
  return new LinuxDevice();
}

class LinuxDevice implements Collector {
  readonly name = 'device';
  readonly platforms: readonly NodeJS.Platform[] = ['linux'];
  #gauges: readonly Gauge[] = [];
  #metrics: readonly Metric[] = [];
  #lookAt = Number.NEGATIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;

  async collect(host: Host, at: number): Promise<Collection> {
    if (at >= this.#lookAt) {
      this.#lookAt = at + LOOK_EVERY_MS;
      this.#gauges = [...sensors(host), ...zones(host), ...batteries(host)];
    }
    if (at >= this.#nextAt) {
      this.#nextAt = at + EVERY_MS;
      this.#metrics = readGauges(host, this.#gauges);
    }
    return { metrics: this.#metrics, blind: [] };
  }
}

/** A sensor without an answer (asleep, not fitted) is no failure: the drivers say so in many ways. */
function readGauges(host: Host, gauges: readonly Gauge[]): readonly Metric[] {
  const metrics: Metric[] = [];
  for (const gauge of gauges) {
    const value = attributeNumber(host, gauge.path) / gauge.divisor;
    if (value > COLDEST && value < HOTTEST) pushGauge(metrics, gauge.series, value);
  }
  return metrics;
}

function sensors(host: Host): Gauge[] {
  return namesIn(host, HWMON).flatMap((chip) => {
    const inputs = namesIn(host, `${HWMON}/${chip}`).filter((name) => /^temp\d+_input$/.test(name));
    if (inputs.length === 0) return [];
    const chipName = attributeText(host, `${HWMON}/${chip}/name`) ?? chip;
    return inputs.map((input) => {
      const sensor = input.slice(0, -'_input'.length);
      const label = attributeText(host, `${HWMON}/${chip}/${sensor}_label`) ?? sensor;
      return temperature(`${HWMON}/${chip}/${input}`, `${chipName}/${chip}/${label}`);
    });
  });
}

function zones(host: Host): Gauge[] {
  return namesIn(host, THERMAL)
    .filter((zone) => zone.startsWith('thermal_zone'))
    .filter((zone) => !namesIn(host, `${THERMAL}/${zone}`).some((entry) => /^hwmon\d/.test(entry)))
    .map((zone) => {
      const type = attributeText(host, `${THERMAL}/${zone}/type`) ?? 'zone';
      return temperature(`${THERMAL}/${zone}/temp`, `${type}/${zone}`);
    });
}

/** Batteries of the machine; those of a mouse have the scope `Device`. */
function batteries(host: Host): Gauge[] {
  return namesIn(host, POWER)
    .filter((supply) => attributeText(host, `${POWER}/${supply}/type`) === 'Battery')
    .filter((supply) => attributeText(host, `${POWER}/${supply}/scope`) !== 'Device')
    .map((supply) => ({
      path: `${POWER}/${supply}/capacity`,
      series: series('hw.battery.charge', { 'hw.id': supply }),
      divisor: 100,
    }));
}

function temperature(path: string, id: string): Gauge {
  return { path, series: series('hw.temperature', { 'hw.id': id }), divisor: 1000 };
}
