import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The floors from the ground up. A file imports from its own room and from lower floors; rooms of one floor are strangers. */
const FLOORS: readonly (readonly string[])[] = [
  ['lib'],
  ['model'],
  [
    'config',
    'identity',
    'collect',
    'publish',
    'wal',
    'bus',
    'store',
    'dataset',
    'learn',
    'detect',
    'alert',
    'limits',
    'advise',
    'fleet',
    'notify',
    'serve',
    'exporters',
    'service',
  ],
  ['agent', 'hub'],
  ['cli'],
];

const floorOf = (room: string): number => FLOORS.findIndex((rooms) => rooms.includes(room));

/** The wiring says what is wired: it may use the config's vocabulary and every part, but agent and hub never each other. */
function mayImport(from: string, to: string): boolean {
  return from === to || floorOf(to) < floorOf(from);
}

/** All but AssemblyScript, which is another language and imports nothing. */
const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.includes(`${sep}assembly${sep}`))
  .map((file) => join(root, 'src', file));

const roomOf = (file: string): string => relative(join(root, 'src'), file).split(sep)[0]!;

/** All specifiers that a file imports in any way: static, side-effect, type-only, re-export, dynamic. */
function importsOf(file: string, text = readFileSync(file, 'utf8')): string[] {
  const parsed = parseSync(file, text);
  assert.deepEqual(parsed.errors, [], `${file} does not parse`);
  const { staticImports, staticExports, dynamicImports } = parsed.module;
  return [
    ...staticImports.map((one) => one.moduleRequest.value),
    ...staticExports.flatMap((one) => one.entries.flatMap((entry) => entry.moduleRequest?.value ?? [])),
    ...dynamicImports.map((one) =>
      text.slice(one.moduleRequest.start, one.moduleRequest.end).replaceAll(/^['"`]|['"`]$/g, ''),
    ),
  ];
}

test('every test is one that npm test runs', () => {
  const exclude = (name: string): boolean => name.includes('node_modules');
  const suites = JSON.parse(readFileSync(join(root, 'test', 'suites.json'), 'utf8')) as Record<
    string,
    string[]
  >;
  const run = new Set(globSync(Object.values(suites).flat(), { cwd: root, exclude }));
  const all = globSync('{bench,bin,src,test,web}/**/*.test.ts', { cwd: root, exclude });
  assert.ok(all.length > 0);
  assert.deepEqual(
    all.filter((file) => !run.has(file)),
    [],
  );
});

test('every room stands on a floor', () => {
  const rooms = readdirSync(join(root, 'src'), { withFileTypes: true });
  for (const room of rooms)
    assert.ok(room.isDirectory() && floorOf(room.name) >= 0, `src/${room.name} has no floor`);
});

test('each floor imports only lower floors, and parts never import parts', () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const specifier of importsOf(file).filter((one) => one.startsWith('.'))) {
      const target = roomOf(join(dirname(file), specifier));
      // A bundled program finds its package.json and its dashboard beside src/.
      if (target === '..') continue;
      const support = file.endsWith('.test.ts') && target === 'test';
      if (!support && !mayImport(roomOf(file), target))
        wrong.push(`${relative(root, file)} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

/** All files that are loaded before anything runs, and the packages they load. */
function loadedBy(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (!file.endsWith('.ts')) return seen;
  const { staticImports, staticExports } = parseSync(file, readFileSync(file, 'utf8')).module;
  const needed = staticImports
    .filter(({ entries }) => entries.length === 0 || entries.some((entry) => !entry.isType))
    .map(({ moduleRequest }) => moduleRequest.value)
    .concat(staticExports.flatMap((one) => one.entries.flatMap((entry) => entry.moduleRequest?.value ?? [])));
  for (const specifier of needed)
    loadedBy(specifier.startsWith('.') ? join(dirname(file), specifier) : specifier, seen);
  return seen;
}

test('only what publishes loads what speaks to a hub', () => {
  const cli = join(root, 'src', 'cli');
  assert.ok(loadedBy(join(cli, 'agent.ts')).has('@grpc/grpc-js'));
  for (const command of ['main.ts', 'up.ts']) {
    const heavy = [...loadedBy(join(cli, command))].filter((one) => /grpc|proto\/generated|x509/.test(one));
    assert.deepEqual(heavy, [], command);
  }
});

test('the check sees every kind of import', () => {
  const text = `
    import a from '../a.ts';
    import '../b.ts';
    import type { C } from '../c.ts';
    export { d } from '../d.ts';
    export * from '../e.ts';
    const f = await import('../f.ts');
    export type { G } from '../g.ts';
  `;
  assert.deepEqual(
    importsOf('x.ts', text).sort(),
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `../${name}.ts`),
  );
});

test('only the live host opens files of the operating system for a collector', () => {
  const doors = /^(node:)?(fs|fs\/promises|child_process|os|net|dgram|http|https)$/;
  const wrong = files
    .filter(
      (file) =>
        roomOf(file) === 'collect' &&
        !file.endsWith('.test.ts') &&
        !/(live|recorded)-host\.ts$|record(ing)?\.ts$/.test(file),
    )
    .flatMap((file) =>
      importsOf(file)
        .filter((one) => doors.test(one))
        .map((one) => `${relative(root, file)} imports ${one}`),
    );
  assert.deepEqual(wrong, []);
});

test('the dashboard knows of the program only its vocabulary', () => {
  const web = readdirSync(join(root, 'web'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.tsx?$/.test(file),
  );
  for (const file of web) {
    const path = join(root, 'web', file);
    const parsed = parseSync(path, readFileSync(path, 'utf8'));
    for (const { moduleRequest, entries } of parsed.module.staticImports) {
      if (!moduleRequest.value.includes('src/')) continue;
      const shared = /src\/(model|lib)\//.test(moduleRequest.value);
      assert.ok(
        shared || entries.every((entry) => entry.isType),
        `web/${file} imports ${moduleRequest.value}`,
      );
    }
  }
});
