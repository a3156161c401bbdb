// `npm run kernels`: compiles the AssemblyScript source of src/lib/kernels into the kernels.wasm beside it.
// `node bin/kernels.mjs --check`: only says whether the file is what its source compiles to.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import compiler from 'assemblyscript/asc';
import { root } from './node24.mjs';

const SOURCE = 'src/lib/kernels/assembly/dense.ts';
const COMPILED = 'src/lib/kernels/kernels.wasm';
const OPTIONS = '--enable simd --optimizeLevel 3 --noAssert --runtime stub --importMemory';

const compiled = await compile();
const file = join(root, COMPILED);
if (!process.argv.includes('--check')) writeFileSync(file, compiled);
else if (!readFileSync(file).equals(compiled)) {
  console.error(`${COMPILED} is not what ${SOURCE} compiles to: run 'npm run kernels'`);
  process.exit(1);
}

async function compile() {
  const written = [];
  const { error, stdout, stderr } = await compiler.main(
    [SOURCE, '--outFile', 'kernels.wasm', '--baseDir', root, ...OPTIONS.split(' ')],
    { writeFile: (_name, contents) => written.push(contents) },
  );
  if (error) throw new Error(`${SOURCE} does not compile: ${error.message}\n${stdout}${stderr}`);
  return Buffer.from(written[0]);
}
