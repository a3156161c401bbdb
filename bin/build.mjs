// Bundles src/ into dist/*.js and web/ into dist/web/. Runs on any Node from 20 on.
// `node bin/build.mjs [program] [web]`: builds what is named, or all; says nothing when all is up to date.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './node24.mjs';

const TARGETS = {
  program: {
    sources: ['src', 'proto/generated', 'package.json', 'bin/build.mjs'],
    stamp: 'dist/.program',
    build: buildProgram,
  },
  web: { sources: ['web', 'package.json', 'bin/build.mjs'], stamp: 'dist/web/.stamp', build: buildWeb },
};

/** Builds each named target whose sources changed since it was built. */
export async function build(names = Object.keys(TARGETS)) {
  await Promise.all(
    names.map(async (name) => {
      const { sources, stamp, build: run } = TARGETS[name];
      const state = fingerprint(sources);
      const file = join(root, stamp);
      if (existsSync(file) && readFileSync(file, 'utf8') === state) return;
      rmSync(file, { force: true });
      try {
        await run();
      } catch {
        // esbuild has said what is wrong and where.
        console.error(`homeostat: the ${name} could not be built; the message above says where`);
        process.exit(1);
      }
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, state);
    }),
  );
}

/** Names, sizes and times of all source files: changes whenever one of them does, and costs no reading. */
function fingerprint(sources) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    else hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
  };
  for (const source of sources) visit(join(root, source));
  return hash.digest('hex');
}

async function buildProgram() {
  const { build: bundle } = await import('esbuild');
  rmSync(join(root, 'dist', 'chunks'), { recursive: true, force: true });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  await bundle({
    absWorkingDir: root,
    entryPoints: {
      homeostat: 'src/cli/main.ts',
      'train-worker': 'src/agent/train-worker.ts',
      'onnx-worker': 'src/detect/onnx-worker.ts',
      'evaluate-worker': 'src/cli/evaluate/evaluate-worker.ts',
    },
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24.12',
    chunkNames: 'chunks/[name]-[hash]',
    external: ['koffi'],
    minifySyntax: true,
    sourcemap: false,
    define: { 'process.env.HOMEOSTAT_VERSION': JSON.stringify(version) },
    banner: {
      js: "import { createRequire as homeostatRequire } from 'node:module'; const require = homeostatRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  copyFileSync(join(root, 'src/lib/kernels/kernels.wasm'), join(root, 'dist/kernels.wasm'));
}

async function buildWeb() {
  const { build: bundle } = await import('esbuild');
  const out = join(root, 'dist', 'web');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await bundle({
    absWorkingDir: join(root, 'web'),
    entryPoints: { app: 'main.tsx', 'service-worker': 'service-worker.ts' },
    outdir: out,
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'warning',
  });
  for (const file of ['index.html', 'icon.svg', 'icon-maskable.svg', 'manifest.webmanifest'])
    copyFileSync(join(root, 'web', file), join(out, file));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = process.argv.slice(2);
  await build(names.length > 0 ? names : undefined);
}
