// Compiles the two pure libs to npm packages of their own: `npm run build:packages`, to dist/packages or to another folder:
// `node scripts/build-packages.mjs <folder>`. Each gets what its folder in packages/ holds, and the dependencies it imports.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const libs = join(root, 'libs');
const target = resolve(process.argv[2] ?? join(root, 'dist/packages'));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const descriptions = {
  signatures:
    'Verifies and makes the signatures of callbacks: HMAC, Standard Webhooks, JWT, JWS, public keys, certificates.',
  providers: 'Who signs callbacks, and how: one preset per provider.',
};
const names = Object.keys(descriptions);

/** `#signatures` is a name inside this repository; outside it is `@callbox/signatures`. */
const withPackageNames = (text) => text.replaceAll(/(['"])#(\w+)\1/g, '$1@callbox/$2$1');

/** Packages that a compiled file imports; Node's own are not among them. */
const importsOf = (text) =>
  ts
    .preProcessFile(text)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('.') && !isBuiltin(name));

function compile() {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram(
    names.map((name) => join(libs, name, 'index.ts')),
    {
      ...options,
      rootDir: libs,
      types: ['node'],
      declaration: true,
      sourceMap: false,
      paths: Object.fromEntries(names.map((name) => [`#${name}`, [join(libs, name, 'index.ts')]])),
    },
  );
  const imports = new Map(names.map((name) => [name, new Set()]));
  const { diagnostics } = program.emit(undefined, (path, text) => {
    const [name, ...rest] = relative(options.outDir, path).split(sep);
    const written = withPackageNames(text);
    importsOf(written).forEach((imported) => imports.get(name).add(imported));
    const file = join(target, '@callbox', name, 'dist', ...rest);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, written);
  });
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (problems.length > 0) {
    const host = {
      getCanonicalFileName: (path) => path,
      getCurrentDirectory: () => root,
      getNewLine: () => '\n',
    };
    process.stderr.write(ts.formatDiagnostics(problems, host));
    process.exit(1);
  }
  return imports;
}

function writeManifest(name, imports) {
  const dependencies = Object.fromEntries(
    [...imports].sort().map((imported) => {
      if (imported.startsWith('@callbox/')) return [imported, manifest.version];
      const version = manifest.dependencies[imported];
      if (version === undefined) throw new Error(`${name} imports ${imported}, which is no dependency`);
      return [imported, `^${version}`];
    }),
  );
  const content = {
    name: `@callbox/${name}`,
    version: manifest.version,
    description: descriptions[name],
    license: manifest.license,
    type: 'module',
    engines: manifest.engines,
    sideEffects: false,
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    files: ['dist'],
    dependencies,
  };
  writeFileSync(join(target, '@callbox', name, 'package.json'), `${JSON.stringify(content, null, 2)}\n`);
}

for (const name of names) rmSync(join(target, '@callbox', name), { recursive: true, force: true });
const imports = compile();
for (const name of names) {
  writeManifest(name, imports.get(name));
  cpSync(join(root, 'packages', name), join(target, '@callbox', name), { recursive: true });
  cpSync(join(root, 'LICENSE'), join(target, '@callbox', name, 'LICENSE'));
  process.stdout.write(`${join(target, '@callbox', name)}\n`);
}
