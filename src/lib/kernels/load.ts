import { existsSync, readFileSync } from 'node:fs';
import { plainPrimitives } from './plain.ts';
import type { Primitives } from './primitives.ts';

/** Makes primitives over a fresh memory of `floats`, all 0. The memory goes with the last reference to them. */
export interface Kernels {
  readonly kind: 'simd' | 'plain';
  /** Why WebAssembly does not serve; undefined where it does. */
  readonly reason?: string;
  primitives(floats: number): Primitives;
}

/** What is used of the global `WebAssembly`; another one can be put in its place. Sizes of memory in pages of 64 KiB. */
export interface WebAssemblyMachine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

const PAGE = 65_536;

/** Plain TypeScript: several times slower, the same numbers. */
export function plainKernels(reason?: string): Kernels {
  return {
    kind: 'plain',
    ...(reason !== undefined && { reason }),
    primitives: (floats) => plainPrimitives(new Float32Array(floats)),
  };
}

/** The SIMD kernels, or the plain ones with the reason where WebAssembly or its SIMD is refused. */
export function loadKernels(machine = ownMachine()): Kernels {
  if (!machine) return plainKernels('this Node.js runs without WebAssembly');
  let module: object;
  try {
    module = new machine.Module(readFileSync(kernelsFile()));
  } catch (error) {
    return plainKernels(`its kernels could not be loaded: ${(error as Error).message}`);
  }
  return { kind: 'simd', primitives: (floats) => instantiate(machine, module, floats) };
}

function ownMachine(): WebAssemblyMachine | undefined {
  return (globalThis as { WebAssembly?: WebAssemblyMachine }).WebAssembly;
}

let own: Kernels | undefined;

/** The kernels of this process, loaded when first asked for. */
export function kernels(): Kernels {
  own ??= loadKernels();
  return own;
}

function instantiate(machine: WebAssemblyMachine, module: object, floats: number): Primitives {
  const pages = Math.ceil((floats * Float32Array.BYTES_PER_ELEMENT) / PAGE);
  const memory = new machine.Memory({ initial: pages, maximum: pages });
  const { exports } = new machine.Instance(module, { env: { memory } });
  return { ...(exports as Omit<Primitives, 'memory'>), memory: new Float32Array(memory.buffer) };
}

/** Beside this file, or beside the bundle or the folder of chunks that this code was bundled into. */
function kernelsFile(): URL {
  const places = ['./kernels.wasm', '../kernels.wasm'].map((place) => new URL(place, import.meta.url));
  return places.find((place) => existsSync(place)) ?? places[0]!;
}
