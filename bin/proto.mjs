// `npm run proto`: checks proto/ and writes the code that is generated from it. `npm run proto -- --check` writes nothing
// and fails where the code is not what the .proto files make.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './node24.mjs';

const proto = join(root, 'proto');
const generated = join(proto, 'generated');
const check = process.argv.includes('--check');

buf('lint');
// What was released is the wire that others speak: names and numbers stay. Renewed with `npm run proto -- --release`.
if (process.argv.includes('--release')) buf('build', '-o', 'released.binpb');
buf('breaking', '--against', 'released.binpb');

const folder = mkdtempSync(join(tmpdir(), 'homeostat-proto-'));
try {
  buf('generate', '-o', folder);
  const made = join(folder, 'generated');
  if (!check) {
    rmSync(generated, { recursive: true, force: true });
    cpSync(made, generated, { recursive: true });
  } else if (!same(made, generated)) {
    console.error("proto/generated is not what the .proto files make: run 'npm run proto' and commit it");
    process.exit(1);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function buf(...args) {
  const { status, error } = spawnSync(join(root, 'node_modules', '.bin', 'buf'), args, {
    cwd: proto,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` },
  });
  if (status === 0) return;
  console.error(`buf ${args[0]} failed${error ? `: ${error.message}` : ''}; the lines above say where`);
  process.exit(1);
}

/** Whether two folders hold the same files with the same bytes. */
function same(one, other) {
  const files = (path) =>
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(path.length));
  const names = files(one).sort();
  if (names.join('\n') !== files(other).sort().join('\n')) return false;
  return names.every((name) => readFileSync(join(one, name)).equals(readFileSync(join(other, name))));
}
