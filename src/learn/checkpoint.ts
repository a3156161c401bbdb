import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivateDirectory, writeFileAtomic } from '../lib/atomic-file.ts';
import { decodeContainer, encodeContainer, type Places } from '../lib/container.ts';
import type { EncodedModel } from '../model/detector.ts';
import type { Matrix } from '../model/matrix.ts';
import type { LossCurve } from '../model/model-card.ts';

/** What a training was asked for, so that the same command can go on with it. */
export interface CheckpointNote {
  /** The file of telemetry, or undefined for the stored history. */
  readonly file: string | undefined;
  /** As they were typed. */
  readonly fromText: string;
  readonly toText: string;
  /** Names of those that learn, with commas between them; empty: what ships. */
  readonly detectors: string;
  /** The period that they meant when the training began, ms since the epoch. */
  readonly from: number;
  readonly to: number;
}

export interface CheckpointPlace {
  readonly path: string;
  /** Of this program: what another version learned is not mixed into a model. */
  readonly version: string;
  readonly note: CheckpointNote;
}

interface Learned {
  readonly name: string;
  readonly encoded: EncodedModel;
  readonly losses: LossCurve | undefined;
}

interface Header {
  readonly key: string;
  readonly note: CheckpointNote;
  readonly detectors: readonly {
    readonly name: string;
    readonly facts: EncodedModel['facts'];
    readonly arrays: Places;
    readonly losses?: LossCurve;
  }[];
}

const KIND = 'HSCHECK\n';

/**
 * The detectors that a training has finished. A training of the same rows, seed, detectors and version goes on after
 * them; any other one begins anew.
 */
export class Checkpoint {
  readonly #place: CheckpointPlace;
  readonly #key: string;
  #learned: readonly Learned[] = [];

  /** `rows`: all that is learned from. `about`: what besides the rows decides what is learned. */
  constructor(place: CheckpointPlace, rows: readonly Matrix[], about: object) {
    this.#place = place;
    const hash = createHash('sha256').update(JSON.stringify({ version: place.version, ...about }));
    for (const { columns, at, data } of rows) hash.update(`${columns}`).update(at).update(data);
    this.#key = hash.digest('hex');
    const kept = read(place.path);
    if (kept?.key === this.#key) this.#learned = kept.learned;
  }

  learned(name: string): Learned | undefined {
    return this.#learned.find((one) => one.name === name);
  }

  keep(name: string, encoded: EncodedModel, losses: LossCurve | undefined): void {
    this.#learned = [...this.#learned, { name, encoded, losses }];
    const bytes = encodeContainer(
      KIND,
      (place): Header => ({
        key: this.#key,
        note: this.#place.note,
        detectors: this.#learned.map((one) => ({
          name: one.name,
          facts: one.encoded.facts,
          arrays: place(one.encoded.arrays),
          ...(one.losses && { losses: one.losses }),
        })),
      }),
    );
    makePrivateDirectory(dirname(this.#place.path));
    writeFileAtomic(this.#place.path, bytes);
  }
}

/** What the interrupted training was asked for; undefined where there is none, or its checkpoint is damaged. */
export function readCheckpointNote(path: string): CheckpointNote | undefined {
  return read(path)?.note;
}

export function removeCheckpoint(path: string): void {
  rmSync(path, { force: true });
}

function read(path: string) {
  try {
    const { header, arrays: take } = decodeContainer(KIND, readFileSync(path), 'checkpoint');
    const { key, note, detectors } = header as Header;
    const learned = detectors.map(
      ({ name, facts, arrays, losses }): Learned => ({
        name,
        encoded: { facts, arrays: take(arrays) },
        losses,
      }),
    );
    return { key, note, learned };
  } catch {
    return undefined;
  }
}
