import { Random } from '../../src/lib/random.ts';

const HOUR = 60;
const DAY = 24 * HOUR;

/**
 * Generated, not recorded: shares of something that can run full, minute by minute, for spans that nobody can record within a test.
 * Each is a base, a shape and noise (normal, `noise` of the whole); the shapes are what disks and memory are known to do:
 * - saw: rises evenly by `height` in `period`, falls back at once (rotated logs, a collected heap, a nightly cleanup)
 * - diurnal: a day's raised cosine of that height
 * - step: one rise within a minute (a file is copied), then nothing
 * - burst: an even rise for `lasts`, then nothing (a download)
 * - saturating: 1 - e^(-t / tau) of `height` (a cache that fills)
 * - leak: an even rise of `perHour`
 * Nothing in it was chosen after a look at what a forecast makes of it.
 */
export interface Shape {
  readonly base: number;
  readonly noise?: number;
  readonly saw?: { readonly height: number; readonly period: number };
  readonly diurnal?: number;
  readonly step?: { readonly at: number; readonly height: number };
  readonly burst?: { readonly at: number; readonly lasts: number; readonly height: number };
  readonly saturating?: { readonly at: number; readonly height: number; readonly tau: number };
  readonly leak?: { readonly at: number; readonly perHour: number };
}

/** Shares of `minutes` minutes, between 0 and 1. */
export function generatedShares(shape: Shape, minutes: number, seed: number): Float64Array {
  const random = new Random(seed);
  const { base, noise = 0.002, saw, diurnal = 0, step, burst, saturating, leak } = shape;
  return Float64Array.from({ length: minutes }, (_, minute) => {
    const since = (at: number): number => Math.max(0, minute - at);
    let share = base + noise * random.normal();
    share += diurnal * 0.5 * (1 - Math.cos((2 * Math.PI * minute) / DAY));
    if (saw) share += (saw.height * (minute % saw.period)) / saw.period;
    if (step && minute >= step.at) share += step.height;
    if (burst) share += burst.height * Math.min(1, since(burst.at) / burst.lasts);
    if (saturating) share += saturating.height * (1 - Math.exp(-since(saturating.at) / saturating.tau));
    if (leak) share += (leak.perHour * since(leak.at)) / HOUR;
    return Math.min(1, Math.max(0, share));
  });
}
