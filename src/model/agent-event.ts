import type { Anomaly } from './anomaly.ts';
import type { Breach } from './breach.ts';
import type { ToldLoss } from './coverage.ts';
import type { ListedProcess } from './process.ts';

/** What an agent says over the bus. `at` is ms since the epoch by the agent's clock. Hostile text throughout. */
export type AgentEvent =
  | MetricsEvent
  | ProcessLifeEvent
  | AnomalyEvent
  | BreachEvent
  | CoverageEvent
  | HostEvent;

export interface MetricsEvent {
  readonly kind: 'metrics';
  readonly at: number;
  /** By series key. */
  readonly values: readonly (readonly [key: string, value: number])[];
}

export interface ProcessLifeEvent {
  readonly kind: 'process';
  readonly at: number;
  /** snapshot: nothing happened, it is there. */
  readonly life: 'start' | 'end' | 'change' | 'snapshot';
  readonly process: ListedProcess;
}

export interface AnomalyEvent {
  readonly kind: 'anomaly';
  readonly at: number;
  readonly anomaly: Anomaly;
}

export interface BreachEvent {
  readonly kind: 'breach';
  readonly at: number;
  readonly breach: Breach;
}

export interface CoverageEvent {
  readonly kind: 'coverage';
  readonly at: number;
  readonly healthy: boolean;
  readonly losses: readonly ToldLoss[];
}

export interface HostEvent {
  readonly kind: 'host';
  readonly at: number;
  /** stopping: silence after this is no news. */
  readonly state: 'up' | 'stopping';
  readonly osType: string;
  readonly osVersion: string;
  readonly bootId: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly agentVersion: string;
}
