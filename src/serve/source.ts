import type { Anomaly } from '../model/anomaly.ts';
import type { Breach, Forecast } from '../model/breach.ts';
import type { BusStatus } from '../model/bus.ts';
import type { Feedback, FeedbackAnswer, FeedbackWish } from '../model/feedback.ts';
import type { History } from '../model/history.ts';
import type { HostSummary } from '../model/host.ts';
import type { Incident } from '../model/incident.ts';
import type { IncidentArchive } from '../model/incident-archive.ts';
import type { ListedProcess, ProcessScan } from '../model/process.ts';
import type { ProfilesAnswer } from '../model/profile.ts';
import type { Advice } from '../model/recommendation.ts';
import type { Band } from '../model/score.ts';
import type { ScoreNow, ToldStatus } from '../model/status.ts';
import { HttpError } from './http-error.ts';
import { quoted } from './parameters.ts';

/** The processes of a machine: a scan, or what was told of them. */
export interface ProcessList extends Pick<ProcessScan, 'at' | 'unreadable'> {
  /** To be walked once, at once: they may come one by one from a file. */
  readonly processes: Iterable<ListedProcess>;
  readonly total: number;
}

/** What the HTTP API needs to know of one machine; the wiring hands it in. */
export interface Source {
  readonly history: History;
  readonly archive: IncidentArchive;
  status(): ToldStatus;
  /** The latest full scan, with busy processes as last read; undefined before the first one. */
  processes(): ProcessList | undefined;
  /** The one with this id, as `processes` has it. */
  process(id: string): ListedProcess | undefined;
  /** What kinds of processes usually do; of those whose path holds `wanted`, where it is given. */
  profiles(wanted?: string): ProfilesAnswer;
  /** What can be said of each thing that can run full. */
  forecasts(): readonly Forecast[];
  /** What could be done now; of an incident, what is about it. */
  advice(incident?: Incident): Advice;
  /** Expected band of each series that has one, by key. */
  bands(): Readonly<Record<string, Band>>;
  /** Calls `listener` for each event until the returned function is called. */
  subscribe(listener: (event: LiveEvent) => void): () => void;
}

/** What the HTTP API of a hub needs: one source a host. */
export interface HubSource {
  hosts(): readonly HostSummary[];
  /** Undefined where the hub knows no such host. Throws where its history cannot be opened. */
  host(name: string): Source | undefined;
  /** Of all hosts, newest first. */
  anomalies(query: {
    readonly from?: number;
    readonly to?: number;
    readonly limit: number;
  }): readonly Anomaly[];
  /** Of all hosts. */
  readonly archive: IncidentArchive;
  bus(): BusStatus;
}

/** What people say of incidents; the wiring hands it in. Each throws a UserError where it cannot be done. */
export interface FeedbackDesk {
  /** What holds of an incident. */
  of(incident: string): readonly Feedback[];
  /** What saying it would have changed; `apply`: and says it. */
  intend(incident: Incident, wish: FeedbackWish, apply: boolean): FeedbackAnswer;
  /** Takes it back; undefined where nothing of that id holds. */
  undo(id: string): Feedback | undefined;
}

/** The host of a hub with that name. Throws HttpError 404 where it knows none. */
export function hostOf(hub: HubSource, name: string): Source {
  const source = hub.host(name);
  if (source) return source;
  throw new HttpError(404, `no host is called ${quoted(name)}: '/api/v1/hosts' lists those that were heard`);
}

export const isHub = (origin: Source | HubSource): origin is HubSource => 'hosts' in origin;

/** What the live stream carries. `values` is by series key. */
export type LiveEvent =
  | {
      readonly type: 'sample';
      readonly at: number;
      readonly values: Readonly<Record<string, number>>;
      readonly score: ScoreNow | undefined;
    }
  | { readonly type: 'processes'; readonly at: number }
  | { readonly type: 'anomaly'; readonly anomaly: Anomaly }
  | { readonly type: 'breach'; readonly breach: Breach }
  | { readonly type: 'incident'; readonly incident: Incident }
  | { readonly type: 'status'; readonly status: ToldStatus };
