import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { tinyModel } from '../../test/support/tiny-model.ts';
import { encodeModel } from './model-file.ts';
import { ModelRegistry } from './model-registry.ts';

describe('the registry of models', () => {
  let folder = '';
  let registry = new ModelRegistry('');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'homeostat-registry-'));
    registry = new ModelRegistry(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const add = (id: string, at = 1): string =>
    registry.add({ model: tinyModel(id), trainedBy: 'daemon', reason: 'a test', at }).id;
  const use = (...ids: string[]): void => {
    for (const id of ids) registry.promote(add(id), 2, 'it is better');
  };
  const states = (of = registry): Record<string, string> =>
    Object.fromEntries(of.models().map(({ id, state }) => [id, state]));
  const modelFiles = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.hsm'));

  it('knows who scores, who did before, who waits, and why', () => {
    use('a', 'b', 'c');
    add('d', 7);
    assert.deepEqual(states(), { a: 'retired', b: 'previous', c: 'current', d: 'candidate' });
    assert.deepEqual(
      registry.find('b').events.map(({ state, reason }) => [state, reason]),
      [
        ['candidate', 'a test'],
        ['current', 'it is better'],
        ['previous', 'replaced by c'],
      ],
    );
    const { sha256, bytes, file } = registry.find('candidate');
    const content = readFileSync(join(folder, file));
    assert.deepEqual([sha256, bytes], [createHash('sha256').update(content).digest('hex'), content.length]);
    assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600);
  });

  it('undoes each promotion, one after the other, and a model that was rolled back can be promoted again', () => {
    use('a', 'b', 'c');
    assert.equal(registry.rollback(3, 'no good'), 'b');
    assert.deepEqual(states(), { a: 'previous', b: 'current', c: 'retired' });
    assert.equal(registry.rollback(4, 'no good either'), 'a');
    assert.throws(() => registry.rollback(5, 'more'), /no model came before the current one/);
    registry.promote('c', 6, 'after all');
    assert.deepEqual(states(), { a: 'previous', b: 'retired', c: 'current' });
  });

  it('lets the one before score when the current one is refused', () => {
    use('a', 'b');
    add('c');
    registry.refuse('c', 3, 'it is worse');
    registry.refuse('b', 3, 'is damaged');
    assert.deepEqual(states(), { a: 'current', b: 'retired', c: 'retired' });
    assert.deepEqual(registry.line(), ['a']);
  });

  it('keeps three that scored, two candidates and three others', () => {
    use('a', 'b', 'c', 'd', 'e');
    for (const [index, id] of ['p', 'q', 'r', 's', 't', 'u', 'v'].entries()) {
      add(id, 10 + index);
      if (id < 't') registry.refuse(id, 20 + index, 'it is worse');
    }
    assert.deepEqual(states(), {
      ...{ c: 'retired', d: 'previous', e: 'current' },
      ...{ q: 'retired', r: 'retired', s: 'retired' },
      ...{ u: 'candidate', v: 'candidate' },
    });
    assert.equal(modelFiles().length, 8);
  });

  it('gives a number to a model whose id is taken by another one, and keeps the same one once', () => {
    add('a');
    assert.equal(add('a'), 'a');
    const other = tinyModel('a', { seed: 2 });
    assert.equal(registry.add({ model: other, trainedBy: 'command', reason: '', at: 1 }).id, 'a-2');
    assert.equal(registry.load('a-2').seed, 2);
  });

  it('is found by id, by its beginning, by its state; what is meant must be clear', () => {
    use('2026-a', '2026-b');
    assert.equal(registry.find('2026-a').id, '2026-a');
    assert.equal(registry.find('current').id, '2026-b');
    assert.throws(() => registry.find('2026'), /could be 2026-a or 2026-b/);
    assert.throws(() => registry.find('x'), /no model is called 'x' .*model list/);
    assert.throws(() => new ModelRegistry(join(folder, 'none')).find('x'), /homeostat train/);
  });

  it('recovers from its copy, and without one from the files, where it is damaged', () => {
    use('a', 'b');
    registry.rollback(3, 'no good');
    for (const damage of ['', '{"schema":1,"line":["b"],', '{"schema":9}', '[]', 'null']) {
      writeFileSync(join(folder, 'registry.json'), damage);
      assert.deepEqual(states(), { a: 'current', b: 'retired' }, damage);
    }
    writeFileSync(join(folder, 'registry.copy.json'), '?');
    assert.deepEqual(states(), { a: 'previous', b: 'current' });
    add('c');
    assert.deepEqual(states(new ModelRegistry(folder)), { a: 'previous', b: 'current', c: 'candidate' });
  });

  it('takes over the files of a version that had no registry: the newest one scores', () => {
    for (const id of ['a', 'b', 'c'])
      writeFileSync(join(folder, `model-${id}.hsm`), encodeModel(tinyModel(id)));
    assert.deepEqual(states(), { a: 'retired', b: 'previous', c: 'current' });
    assert.deepEqual(modelFiles().length, 3);
  });

  it('forgets a model whose file is gone; no name in it leads out of the folder', () => {
    use('a', 'b');
    rmSync(join(folder, 'model-b.hsm'));
    assert.deepEqual(states(), { a: 'current' });
    const path = join(folder, 'registry.json');
    const outside = readFileSync(path, 'utf8').replaceAll('model-a.hsm', 'model-../../a.hsm');
    writeFileSync(path, outside);
    rmSync(join(folder, 'registry.copy.json'));
    assert.deepEqual(
      registry.models().map(({ file }) => file),
      ['model-a.hsm'],
    );
  });

  it('loads the file that was registered, no other one', () => {
    use('a');
    writeFileSync(join(folder, 'model-a.hsm'), encodeModel(tinyModel('a', { seed: 7 })));
    assert.throws(() => registry.load('a'), /model-a\.hsm: is not the file that was registered/);
    writeFileSync(join(folder, 'model-a.hsm'), '');
    assert.throws(() => registry.load('a'), /model-a\.hsm: is not a model file/);
  });

  it('notices what another process changed, once', () => {
    assert.equal(registry.changed(), false);
    use('a');
    assert.equal(registry.changed(), true);
    assert.equal(registry.changed(), false);
    new ModelRegistry(folder).promote(
      new ModelRegistry(folder).add({ model: tinyModel('b'), trainedBy: 'command', reason: '', at: 1 }).id,
      2,
      '',
    );
    assert.equal(registry.changed(), true);
  });

  it('loses nothing when several processes change it at the same time', () => {
    use('a');
    const module = new URL('./model-registry.ts', import.meta.url).href;
    const program = `
      const { ModelRegistry } = await import(${JSON.stringify(module)});
      const registry = new ModelRegistry(process.argv[1]);
      for (let round = 0; round < 20; round++) registry.refuse('a', round, process.argv[2] + round);
    `;
    const flags = [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      program,
      '--',
      folder,
    ];
    const shell = ['x', 'y', 'z'].map((name) => `"$0" "$@" ${name} &`).join(' ');
    const { status, stderr } = spawnSync('sh', ['-c', `${shell} wait`, process.execPath, ...flags], {
      encoding: 'utf8',
    });
    assert.deepEqual([status, stderr], [0, '']);
    // The last 20 events are kept; each process wrote all of its own in order, none over another's.
    const reasons = registry.find('a').events.map(({ reason }) => reason);
    assert.equal(reasons.length, 20);
    for (const name of ['x', 'y', 'z']) {
      const own = reasons
        .filter((reason) => reason.startsWith(name))
        .map((reason) => Number(reason.slice(1)));
      assert.deepEqual(
        own,
        own.toSorted((one, other) => one - other),
      );
      if (own.length > 0) assert.equal(own.at(-1), 19);
    }
    assert.ok(reasons.some((reason) => reason.endsWith('19')));
  });
});
