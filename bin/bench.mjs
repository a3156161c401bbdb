// `npm run bench -- NAME [--json]`: runs one bench beside its peer.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installDependencies, installOnnxRuntime } from './install.mjs';
import { become, root } from './node24.mjs';

/** Benches that run what was exported. */
const WITH_ONNX_RUNTIME = ['quantize', 'runtime'];

const names = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length));
const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !names.includes(name) || rest.some((option) => option !== '--json')) {
  console.error(`usage: npm run bench -- NAME [--json]\nNAME is one of: ${names.join(', ')}`);
  process.exit(2);
}
installDependencies();
if (WITH_ONNX_RUNTIME.includes(name)) installOnnxRuntime();
become([
  '--disable-warning=ExperimentalWarning',
  '--expose-gc',
  join(root, 'bench', `${name}.bench.ts`),
  ...rest,
]);
