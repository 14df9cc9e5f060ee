// Jest on Node 20 cannot `require` an ES module, so every ES module (ours and the packages') is turned into CommonJS.
// CommonJS packages pass through untouched.
const { createTransformer } = require('@swc/jest');
const fs = require('node:fs');
const path = require('node:path');

const typescript = createTransformer({
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
});
const javascript = createTransformer({
  swcrc: false,
  module: { type: 'commonjs' },
  jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } },
});

const moduleTypes = new Map();
const moduleTypeOf = (directory) => {
  if (moduleTypes.has(directory)) return moduleTypes.get(directory);
  const manifest = path.join(directory, 'package.json');
  const parent = path.dirname(directory);
  const type = fs.existsSync(manifest)
    ? (JSON.parse(fs.readFileSync(manifest, 'utf8')).type ?? 'commonjs')
    : parent === directory
      ? 'commonjs'
      : moduleTypeOf(parent);
  moduleTypes.set(directory, type);
  return type;
};

module.exports = {
  process(source, file, options) {
    if (/\.[cm]?ts$/.test(file)) return typescript.process(source, file, options);
    const isEsm =
      file.endsWith('.mjs') || (file.endsWith('.js') && moduleTypeOf(path.dirname(file)) === 'module');
    return isEsm ? javascript.process(source, file, options) : { code: source };
  },
  getCacheKey: (source, file, options) => typescript.getCacheKey(source, file, options) + ':1',
};
