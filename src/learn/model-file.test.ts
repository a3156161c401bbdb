import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeContainer, encodeContainer } from '../lib/container.ts';
import type { MachineModel } from '../model/machine-model.ts';
import { decodeModel, encodeModel } from './model-file.ts';

const model = (id: string): MachineModel => ({
  id,
  phase: 'provisional',
  trainedAt: 3,
  trainedFrom: 1,
  trainedTo: 2,
  rows: 600,
  stepSeconds: 1,
  seed: 1,
  features: ['system.linux.run_queue', 'ü{a=b}'],
  scaling: { compress: [0, 8], means: [0.1, 1 / 3], deviations: [1e-7, 2] },
  detectors: [
    {
      name: 'one',
      encoded: {
        facts: { sizes: [2, 1] },
        arrays: { a: Float32Array.of(1.5, Number.NaN, -0), b: Int32Array.of(-7, 2 ** 31 - 1) },
      },
      rest: 0.3,
      weight: 1,
      tail: { values: [0, 1], digits: [0, 1], scale: 0.5 },
    },
    {
      name: 'two',
      encoded: { facts: {}, arrays: {} },
      rest: 0,
      weight: 0.25,
      tail: { values: [], digits: [], scale: 1 },
    },
  ],
  calibration: {
    smoothingRows: 8,
    combined: { values: [0.1], digits: [0], scale: 0.2 },
    returns: { threshold: 1, rate: 0.001, scale: 0.2, longest: 1e7 },
    rows: 174,
  },
  suggestedThreshold: 4.5,
  bands: { 'system.linux.run_queue': { low: 0, median: 1, high: 4 } },
});

describe('a model file', () => {
  it('gives back what was written, to the bit', () => {
    assert.deepEqual(decodeModel(encodeModel(model('m'))), model('m'));
  });

  it('of the format before this one, which knew one smoothing and no changes that matter, is read as it is', () => {
    const { header } = decodeContainer('HSMODEL\n', encodeModel({ ...model('m'), detectors: [] }), 'model');
    const of = (format: number) => encodeContainer('HSMODEL\n', () => ({ ...(header as object), format }));
    assert.deepEqual(decodeModel(of(1)), { ...model('m'), detectors: [] });
    for (const format of [0, 3])
      assert.throws(() => decodeModel(of(format)), /has format \d, and this version/);
  });

  it('gives back the second smoothing and the changes that matter', () => {
    const one = model('m');
    const newer = {
      ...one,
      scaling: { ...one.scaling, matters: [0.1, 0.05] },
      calibration: { ...one.calibration, slowSmoothing: { rows: 30, weight: 0.5 } },
    };
    assert.deepEqual(decodeModel(encodeModel(newer)), newer);
  });

  it('carries the names that other programs look for', () => {
    const text = encodeModel(model('m')).toString('utf8');
    for (const name of ['feature_names', 'feature_means', 'feature_stds', 'suggested_threshold']) {
      assert.ok(text.includes(`"${name}"`), name);
    }
  });

  it('is refused when any byte of it was changed or it was cut short', () => {
    const bytes = encodeModel(model('m'));
    for (let at = 0; at < bytes.length; at += 13) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 0x10;
      assert.throws(() => decodeModel(damaged), /damaged|not a model file/, `byte ${at}`);
    }
    for (const length of [0, 11, 100, bytes.length - 1]) {
      assert.throws(() => decodeModel(bytes.subarray(0, length)), /damaged|not a model file/);
    }
  });
});
