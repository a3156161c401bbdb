import type { Clock } from '../lib/clock.ts';
import type { Timers } from '../lib/timers.ts';

export interface BeatEvent {
  /** The moment on the wall clock that this beat stands for: a whole multiple of the interval, ms since the epoch. */
  readonly at: number;
  /** Beats that could not be made since the last one. */
  readonly missed: number;
  /** ms by which the wall clock jumped against the monotonic one since the last beat; 0 where it did not. */
  readonly jumped: number;
}

/** A wall clock that is off by less than this has been slewed; by more, it was set, or the machine slept. */
const JUMP_MS = 500;

/**
 * Beats at whole multiples of its interval on the wall clock, the first time at once. Each moment is computed from the
 * first one, so lateness never adds up; a beat that comes too late for the next ones leaves them out and says so.
 * The monotonic clock decides when: one that is set does not make it beat faster or stop.
 */
export class Beat {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #call: (event: BeatEvent) => void;
  #interval: number;
  /** Wall clock less monotonic clock, as it was when the beats were last aligned. */
  #offset = 0;
  /** Monotonic time of the next beat. */
  #due = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, timers: Timers, intervalMs: number, call: (event: BeatEvent) => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#interval = intervalMs;
    this.#call = call;
  }

  get intervalMs(): number {
    return this.#interval;
  }

  start(): void {
    this.#align();
    this.#arm();
    const now = this.#clock.now();
    this.#call({ at: now - (now % this.#interval), missed: 0, jumped: 0 });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Beats at the multiples of another interval from now on. */
  setInterval(intervalMs: number): void {
    if (intervalMs === this.#interval) return;
    this.#interval = intervalMs;
    if (!this.#cancel) return;
    this.stop();
    this.#align();
    this.#arm();
  }

  /** The next beat is at least half an interval away: a rate over a few ms would be noise. */
  #align(): void {
    const now = this.#clock.now();
    this.#offset = now - this.#clock.monotonic();
    const next = Math.ceil((now + this.#interval / 2) / this.#interval) * this.#interval;
    this.#due = next - this.#offset;
  }

  #arm(): void {
    const wait = Math.max(0, this.#due - this.#clock.monotonic());
    this.#cancel = this.#timers.after(wait, () => this.#beat());
  }

  #beat(): void {
    const monotonic = this.#clock.monotonic();
    // Timers may fire a little early: that still is this beat.
    const missed = Math.max(0, Math.floor((monotonic - this.#due) / this.#interval));
    this.#due += missed * this.#interval;
    const jump = this.#clock.now() - monotonic - this.#offset;
    const jumped = Math.abs(jump) > JUMP_MS ? jump : 0;
    const at = this.#onGrid(this.#due + this.#offset + jumped);
    if (jumped !== 0) this.#align();
    else this.#due += this.#interval;
    this.#arm();
    this.#call({ at, missed, jumped });
  }

  /** The monotonic clock has fractions of a ms, so a sum with it is near a whole multiple; after a jump it is anywhere. */
  #onGrid(wall: number): number {
    return Math.floor((wall + 1) / this.#interval) * this.#interval;
  }
}
