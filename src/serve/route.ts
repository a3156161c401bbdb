import type * as v from 'valibot';
import type { Clock } from '../lib/clock.ts';
import type { Role } from '../model/access.ts';
import type { Caller, Door } from './access/door.ts';
import type { Parameters } from './parameters.ts';
import type { FeedbackDesk, HubSource, Source } from './source.ts';

/** What a request asks, as far as every route needs it. */
export interface Asked {
  readonly origin: Source | HubSource;
  readonly clock: Clock;
  readonly parameters: Parameters;
  /** The part of the path that the route left open, decoded. */
  readonly id: string;
  readonly door: Door;
  readonly caller: Caller | undefined;
  /** Undefined where nobody wired one. */
  readonly feedback: FeedbackDesk | undefined;
  /** Ends the session of the caller in its browser. */
  readonly signOut: () => void;
  /** Begins a session for whoever shows that token. */
  readonly signIn: (token: string) => void;
}

/** Of a hub: the host that `host` names. */
export interface AboutMachine extends Asked {
  readonly source: Source;
}

interface Common {
  /** Below `/api/v1/`; `{id}` stands for one part of it. */
  readonly path: string;
  /** What it does, in one line. */
  readonly about: string;
  /** What somebody must be allowed to; null: whoever asks, also where reading is not open. */
  readonly role: Role | null;
  /** Names of the parameters; any other one is refused. */
  readonly parameters?: readonly string[];
  /** Of those, the ones that may be given more than once. */
  readonly many?: readonly string[];
}

/** A route that reads. `host`: whether a hub must be told, may be told or is not asked which of its hosts is meant. */
export type Reading = Common &
  (
    | { readonly host: 'must'; readonly answer: (asked: AboutMachine) => unknown }
    | { readonly host: 'may' | 'none'; readonly answer: (asked: Asked) => unknown }
  );

/** A route that changes something: it is named in the log, with who did it. */
export interface Change<Body extends v.GenericSchema = v.GenericSchema> extends Common {
  readonly method: 'POST' | 'DELETE';
  /** Of what is sent as JSON; undefined: nothing is. */
  readonly body: Body | undefined;
  readonly answer: (asked: Asked, body: v.InferOutput<Body>) => unknown;
}

/** Keeps the type of the body that the schema says. */
export const change = <const Body extends v.GenericSchema>(route: Change<Body>): Change =>
  route as unknown as Change;
