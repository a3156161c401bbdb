// `npm test`: installs what is missing, then types, lint, unused code, and all tests. Nothing skips quietly.
// `npm test -- PART...` runs only those parts: static, unit, system.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installDependencies, installOnnxRuntime } from './install.mjs';
import { root, wantedNode } from './node24.mjs';

const PARTS = { static: checkStatically, unit: testUnits, system: testSystem };

/** Patterns from the root. The architecture's test sees to it that each test is in one of them. */
const SUITES = JSON.parse(readFileSync(join(root, 'test', 'suites.json'), 'utf8'));

const wanted = process.argv.slice(2);
const unknown = wanted.find((part) => !Object.hasOwn(PARTS, part));
if (unknown !== undefined)
  fail(`'${unknown}' is not a part of the tests; there are ${Object.keys(PARTS).join(', ')}`, 2);

installDependencies();
const { build } = await import('./build.mjs');
await build();
for (const [name, part] of Object.entries(PARTS)) if (wanted.length === 0 || wanted.includes(name)) part();

/** Types, lint, code that nobody uses, and compiled files that are not what their source says. */
function checkStatically() {
  run('the wire and the code made from it', wantedNode(), [join(root, 'bin', 'proto.mjs'), '--check']);
  run('types', tool('tsc'), ['-p', '.']);
  run('types of the dashboard', tool('tsc'), ['-p', 'web']);
  run('lint', tool('biome'), ['ci', '.']);
  run('unused code', tool('knip'), ['--no-progress']);
  run('compiled kernels', wantedNode(), ['bin/kernels.mjs', '--check']);
}

/** The architecture and every part by itself. */
function testUnits() {
  installOnnxRuntime();
  runTests('unit tests', SUITES.unit, 2);
}

/** The product as a whole, with real processes, real faults and a real browser: one after the other, they measure. */
function testSystem() {
  ensurePrograms();
  runTests('system tests', SUITES.system, 1);
}

function runTests(title, patterns, concurrency) {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-tally-'));
  const tally = join(folder, 'tally.json');
  try {
    run(title, wantedNode(), [
      '--disable-warning=ExperimentalWarning',
      '--test',
      `--test-concurrency=${concurrency}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=./test/support/tally.mjs',
      `--test-reporter-destination=${tally}`,
      ...patterns,
    ]);
    const { ran, skipped } = JSON.parse(readFileSync(tally, 'utf8'));
    if (ran === 0) fail(`${title}: no test ran`);
    if (skipped.length > 0)
      fail(`${title}: ${skipped.length} skipped (${skipped.join('; ')}); a test runs or is deleted`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Programs that the system tests use and npm does not have: installed from Debian when root, else said. */
function ensurePrograms() {
  const has = (...paths) => paths.some((path) => path !== undefined && existsSync(path));
  const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const packages = [];
  if (!has(process.env.CHROMIUM, ...browsers)) packages.push('chromium');
  // The client of others: grpc_tools makes its stubs, cryptography its signatures.
  if (!pythonHas('grpc')) packages.push('python3-grpcio');
  if (!pythonHas('grpc_tools')) packages.push('python3-grpc-tools');
  if (!pythonHas('cryptography')) packages.push('python3-cryptography');
  // A disk that fails, and networks that are cut.
  // Units are judged and a machine is started by systemd.
  if (!onPath('systemd-analyze')) packages.push('systemd');
  if (!onPath('systemd-nspawn')) packages.push('systemd-container');
  if (!onPath('strace')) packages.push('strace');
  if (!onPath('ip')) packages.push('iproute2');
  // Who reads what is exported.
  for (const program of ['prometheus', 'victoria-metrics', 'prometheus-alertmanager'])
    if (!onPath(program)) packages.push(program);
  if (packages.length === 0) return;
  const names = packages.join(' ');
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) {
    fail(`the system tests need ${names}: run 'sudo apt-get install ${names}' (CHROMIUM may name a browser)`);
  }
  console.log(`Installing ${names} for the system tests ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('package lists', 'apt-get', ['update', '-q'], env);
  run(names, 'apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], env);
}

/** Whether there is a program of that name, also in the folders that only root has on its path. */
function onPath(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, name)));
}

function pythonHas(name) {
  return spawnSync('/usr/bin/python3', ['-c', `import ${name}`]).status === 0;
}

function run(title, command, args, env = process.env) {
  console.log(`\n== ${title}`);
  const path = `${join(root, 'node_modules', '.bin')}:${env.PATH}`;
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...env, PATH: path } });
  if (result.error) fail(`${title}: ${command} could not be run: ${result.error.message}`);
  if (result.status !== 0) fail(`${title}: failed`);
}

function tool(name) {
  return join(root, 'node_modules', '.bin', name);
}

function fail(message, code = 1) {
  console.error(`homeostat test: ${message}`);
  process.exit(code);
}
