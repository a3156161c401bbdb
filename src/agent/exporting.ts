import { Current } from '../exporters/current.ts';
import { MachinePage } from '../exporters/prometheus/machine-page.ts';
import type { ExporterSettings } from '../exporters/settings.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Exposition } from '../model/exposition.ts';
import type { Tick } from '../model/metric.ts';
import type { ProcessScan } from '../model/process.ts';
import type { Status } from '../model/status.ts';

export interface ExportingOptions {
  readonly settings: ExporterSettings;
  readonly status: () => Status;
  readonly openAnomalies: () => readonly Anomaly[];
  readonly processes: () => ProcessScan | undefined;
}

/** What others read of this machine. */
export interface Exporting {
  readonly exposition: Exposition;
  tick(tick: Tick): void;
}

export function exporting({ settings, status, openAnomalies, processes }: ExportingOptions): Exporting {
  const current = new Current({
    own: () => {
      const { user, system } = process.cpuUsage();
      return {
        status: status(),
        openAnomalies: openAnomalies().map(({ severity }) => severity),
        cpuSeconds: (user + system) / 1e6,
      };
    },
    processes,
    most: settings.prometheus.processes,
  });
  return {
    exposition: new MachinePage(() => current.families()),
    tick: (tick) => current.tick(tick),
  };
}
