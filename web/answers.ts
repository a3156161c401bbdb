import type { TopScan } from '../src/model/evidence.ts';
import type { MetricGroup } from '../src/model/names.ts';
import type { ListedProcess } from '../src/model/process.ts';

/** One series as `/api/v1/series` lists it. */
export interface SeriesInfo {
  readonly key: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly unit: string;
  readonly group: MetricGroup;
  readonly label: string;
  readonly description: string;
}

type Numbers = readonly (number | null)[];

export interface FrameColumns {
  readonly metric: string;
  readonly unit: string;
  readonly at: readonly number[];
  readonly mean: Numbers;
  readonly min: Numbers;
  readonly max: Numbers;
}

export interface HistoryColumns {
  readonly stepSeconds: number;
  readonly frames: readonly FrameColumns[];
}

/** What was kept of an incident. */
export interface EvidenceAnswer {
  readonly frames: readonly {
    readonly metric: string;
    readonly at: readonly number[];
    readonly value: Numbers;
  }[];
  readonly scans: readonly TopScan[];
}

export interface ProcessList {
  readonly at: number | null;
  readonly total: number;
  readonly processes: readonly ListedProcess[];
  readonly unreadable: Readonly<Record<string, number>>;
}

export interface ProcessColumns {
  readonly process: ListedProcess | null;
  readonly at: readonly number[];
  readonly cpu: Numbers;
  readonly rss: Numbers;
  readonly readRate: Numbers;
  readonly writeRate: Numbers;
}
