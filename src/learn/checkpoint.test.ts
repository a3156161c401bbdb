import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { memoryHistory } from '../../test/support/memory-history.ts';
import { START, syntheticSeries } from '../../test/support/synthetic-machine.ts';
import type { Detector } from '../model/detector.ts';
import { FEATURES } from '../model/features.ts';
import { readCheckpointNote, removeCheckpoint } from './checkpoint.ts';
import { encodeModel } from './model-file.ts';
import { train } from './train.ts';

const SECONDS = 300;
const values = syntheticSeries(SECONDS, 1);
const note = {
  ...{ file: undefined, fromText: '24h', toText: '', detectors: '' },
  ...{ from: START, to: START + SECONDS * 1000 },
};

describe('a training that was interrupted', () => {
  let folder = '';
  let path = '';
  let learned: string[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'homeostat-checkpoint-'));
    path = join(folder, 'models', 'training.checkpoint');
    learned = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Learns a number and two losses; `breaks`: the thread ends right there. */
  const detector = (name: string, breaks = false): Detector => {
    const made: Detector<Float32Array> = {
      name,
      weight: 1,
      learn: (rows, _validate, { loss, seed }) => {
        if (breaks) throw new Error('ended');
        learned.push(name);
        loss?.(1, 3, 4);
        loss?.(2, 2, 1 / 3);
        return Float32Array.of(seed, rows.data[0]!);
      },
      scorer: (model: Float32Array) => ({ score: (row) => row[0]! ** 2 + model[0]! }),
      encode: (model: Float32Array) => ({ facts: {}, arrays: { model } }),
      decode: ({ arrays }) => arrays.model as Float32Array,
    };
    return made as Detector;
  };

  const run = (detectors: readonly Detector[], changes: { seed?: number; version?: string } = {}): Buffer => {
    const { seed = 1, version = '1.0.0' } = changes;
    const model = train(memoryHistory(START, values), {
      ...{ features: FEATURES, detectors, from: note.from, to: note.to, stepSeconds: 1, seed },
      ...{ phase: 'provisional', progress: () => {}, checkpoint: { path, version, note } },
    });
    return encodeModel(model);
  };
  const interrupt = (): void => {
    assert.throws(() => run([detector('a'), detector('b', true)]), /ended/);
    learned = [];
  };

  it('goes on after the detectors that it had finished, and gives the same file', () => {
    const whole = run([detector('a'), detector('b')]);
    removeCheckpoint(path);
    interrupt();
    assert.deepEqual(readCheckpointNote(path), JSON.parse(JSON.stringify(note)));
    assert.ok(run([detector('a'), detector('b')]).equals(whole));
    assert.deepEqual(learned, ['b']);
    assert.ok(whole.includes('"losses":{"a":{"train":[3,2],"validate":[4,0.33333]}'));
  });

  it('begins anew with another seed, another version, other detectors or other rows', () => {
    for (const changes of [{ seed: 2 }, { version: '1.0.1' }]) {
      interrupt();
      run([detector('a'), detector('b')], changes);
      assert.deepEqual(learned, ['a', 'b']);
      removeCheckpoint(path);
    }
    interrupt();
    run([detector('a')]);
    assert.deepEqual(learned, ['a']);
    removeCheckpoint(path);
    interrupt();
    const key = FEATURES[0]!.key;
    const before = values[key]![50]!;
    values[key]![50] = 0.9;
    run([detector('a'), detector('b')]);
    values[key]![50] = before;
    assert.deepEqual(learned, ['a', 'b']);
  });

  it('begins anew where its checkpoint is damaged', () => {
    interrupt();
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    assert.equal(readCheckpointNote(path), undefined);
    run([detector('a'), detector('b')]);
    assert.deepEqual(learned, ['a', 'b']);
    removeCheckpoint(path);
    assert.ok(!existsSync(path));
  });
});
