/**
 * Who may import whom. The domain is a line, and the line is the data's path:
 * tenants <- secrets <- sources <- events <- rejections <- deliveries. See docs/ARCHITECTURE.md.
 */
const lib = (name) => `^libs/${name}/`;
const anyOf = (...names) => `^libs/(${names.join('|')})/`;

const PURE = ['signatures', 'providers', 'contract', 'diagnosis'];
const CELLAR = [
  'config',
  'errors',
  'logging',
  'metrics',
  'database',
  'keyring',
  'outbound',
  'embedded-postgres',
];
const DOMAIN = ['tenants', 'secrets', 'sources', 'events', 'rejections', 'deliveries'];

/** A domain lib may not import those to its right. */
const domainLine = DOMAIN.map((name, index) => ({
  name: `domain-line-${name}`,
  comment: `${name} may only import the domain libs to its left`,
  severity: 'error',
  from: { path: lib(name), pathNot: '\\.(spec|fixture)\\.ts$' },
  to: { path: DOMAIN.length > index + 1 ? anyOf(...DOMAIN.slice(index + 1)) : '^$' },
}));

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-libs-import-nothing-impure',
      severity: 'error',
      from: { path: anyOf(...PURE), pathNot: '\\.(spec|fixture)\\.ts$' },
      to: {
        path: [
          '^node_modules/(@nestjs|typeorm|pg|fastify|undici|pino)(/|$)',
          anyOf(...CELLAR, ...DOMAIN, 'client', 'testing'),
          '^apps/',
        ],
      },
    },
    {
      name: 'pure-libs-touch-no-system',
      comment: 'no file system, network or process of their own',
      severity: 'error',
      from: { path: anyOf(...PURE), pathNot: '\\.(spec|fixture)\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer)$' },
    },
    {
      name: 'signatures-and-contract-import-no-lib',
      severity: 'error',
      from: { path: anyOf('signatures', 'contract'), pathNot: '\\.(spec|fixture)\\.ts$' },
      to: { path: '^libs/', pathNot: anyOf('signatures', 'contract') },
    },
    {
      name: 'cellar-knows-no-domain',
      severity: 'error',
      from: { path: anyOf(...CELLAR), pathNot: '\\.(spec|fixture)\\.ts$' },
      to: { path: anyOf(...DOMAIN, 'providers', 'signatures', 'client') },
    },
    ...domainLine,
    {
      name: 'libs-import-no-app',
      severity: 'error',
      from: { path: '^libs/', pathNot: '^libs/testing/|\\.(spec|fixture)\\.ts$' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-import-no-other-app',
      severity: 'error',
      from: { path: '^apps/(?!server/)([^/]+)/', pathNot: '\\.(spec|fixture)\\.ts$' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'testing-is-for-specs',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/testing/|\\.(spec|fixture)\\.ts$|/test/' },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'libs-through-their-door',
      comment: 'another lib is imported by its name (#sources), never by a path inside it',
      severity: 'error',
      from: { path: '^(?:apps|libs)/([^/]+)/' },
      to: { path: '^libs/([^/]+)/(?!index\\.ts$)', pathNot: '^(?:apps|libs)/$1/' },
    },
    {
      name: 'console-and-cli-use-the-public-api',
      severity: 'error',
      from: { path: '^apps/(console|cli)/' },
      to: { path: '^libs/', pathNot: anyOf('client', 'contract') },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
