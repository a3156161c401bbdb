import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { memoryHistory } from '../../test/support/memory-history.ts';
import { UserError } from '../lib/errors.ts';
import { jsonLines } from '../lib/table.ts';
import { SAMPLE_COLUMNS, samples } from './export.ts';
import { readJsonl } from './jsonl-history.ts';

const START = Date.UTC(2026, 2, 14);
const CPU = 'system.cpu.utilization{cpu.mode=user}';
const HEAT = 'hw.temperature{hw.id=x}';
const EVER = { from: 0, to: 8.64e15 };

describe('a file of raw telemetry', () => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-jsonl-'));
  after(() => rmSync(folder, { recursive: true }));
  const file = (text: string | Buffer, name = 'a.jsonl'): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const read = (path: string, period = EVER) =>
    readJsonl(path, { period, seconds: new Set([CPU]), progress: () => {} });
  const exported = (seconds: number): string => {
    const ramp = (by: number) => Float64Array.from({ length: seconds }, (_, second) => second * by);
    const pieces = samples(memoryHistory(START, { [CPU]: ramp(0.001), [HEAT]: ramp(1) }));
    return [...pieces].flatMap(({ rows }) => [...rows].map(jsonLines(SAMPLE_COLUMNS).row)).join('');
  };

  it('gives back what was exported: features by the second, the rest by the minute', async () => {
    for (const path of [file(exported(150)), file(gzipSync(exported(150)), 'a.jsonl.gz')]) {
      const { history, from, to, stepSeconds, lines, bad } = await read(path);
      assert.deepEqual([from, to, stepSeconds, lines, bad], [START, START + 149_001, 1, 300, 0]);
      const [cpu, heat] = history.query({
        metrics: [CPU, HEAT],
        from: START + 10_000,
        to: START + 120_000,
      }).frames;
      assert.deepEqual([cpu?.at.length, cpu?.at[0], cpu?.unit], [110, START + 10_000, '1']);
      assert.ok(Math.abs(cpu!.mean[5]! - 0.015) < 1e-6);
      assert.deepEqual([heat?.at.length, heat?.min[0], heat?.mean[0], heat?.max[0]], [1, 60, 89.5, 119]);
      assert.deepEqual(
        history.series().map(({ key, unit }) => [key, unit]),
        [
          [CPU, '1'],
          [HEAT, 'Cel'],
        ],
      );
    }
  });

  it('counts and names the lines that make no sense, and reads on', async () => {
    const good = exported(3).split('\n');
    const bad = [
      '{"at":',
      'null',
      '{"at":"yesterday","metric":"system.cpu.utilization","attributes":{"cpu.mode":"user"},"value":1}',
      '{"at":"2026-03-14T00:00:09Z","metric":"made.up","value":1}',
      '{"at":"2026-03-14T00:00:09Z","metric":"system.cpu.utilization","attributes":{"cpu.mode":7},"value":1}',
      '{"at":"2026-03-14T00:00:09Z","metric":"system.cpu.utilization","value":"much"}',
      '{"at":"2020-03-14T00:00:09Z","metric":"system.cpu.utilization","value":1}',
      `{"at":"${'x'.repeat(70_000)}`,
    ];
    const text = [...good.slice(0, 2), '\r', ...bad.slice(0, 6), ...good.slice(2), ...bad.slice(6)].join(
      '\n',
    );
    const result = await read(file(text));
    assert.equal(result.bad, bad.length);
    assert.equal(
      result.history.query({ metrics: [CPU], from: START, to: START + 9000 }).frames[0]?.at.length,
      3,
    );
    assert.equal(result.examples.length, 5);
    assert.match(result.examples[0]!, /^line 4 is not JSON: \{"at":/);
    assert.match(result.examples[3]!, /^line 7 names no metric that is known/);
  });

  it('keeps the latest day of rows of a longer file, and of a period what lies in it', async () => {
    const lines = Array.from(
      { length: 90_000 },
      (_, minute) =>
        `{"at":"${new Date(START + minute * 60_000).toISOString()}","metric":"system.cpu.utilization","attributes":{"cpu.mode":"user"},"value":0.5,"unit":"1"}`,
    );
    const path = file(lines.join('\n'));
    const { from, to, stepSeconds, history } = await read(path);
    assert.equal(stepSeconds, 60);
    assert.equal(to, START + 89_999 * 60_000 + 1);
    const rows = history.query({ metrics: [CPU], from: 0, to: EVER.to }).frames[0]!.at.length;
    assert.ok(rows >= 86_400 && rows < 88_500, `${rows} rows`);
    assert.equal(from, to - 1 - (rows - 1) * 60_000);
    const part = await read(path, { from: START + 60_000, to: START + 180_000 });
    assert.deepEqual([part.from, part.to], [START + 60_000, START + 120_001]);
  });

  it('is refused in one line where it cannot be read or holds nothing', async () => {
    for (const [path, message] of [
      [join(folder, 'none'), /none cannot be read \(ENOENT\)/],
      [file('a,b\n1,2\n'), /holds no telemetry that can be used \(line 1 is not JSON: a,b\)/],
      [file('', 'empty.jsonl'), /none of its 0 lines lies in the period/],
      [file(gzipSync(exported(50)).subarray(0, 200), 'cut.jsonl.gz'), /cut\.jsonl\.gz cannot be read/],
    ] as const)
      await assert.rejects(read(path), (error) => error instanceof UserError && message.test(error.message));
  });
});
