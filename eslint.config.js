import tseslint from 'typescript-eslint';

const restrictedSyntax = [
  {
    selector: "CallExpression[callee.name='forwardRef']",
    message: 'Domain libs stand in a line; no forwardRef.',
  },
  { selector: "Identifier[name='ModuleRef']", message: 'Inject what you need.' },
  {
    selector: "MemberExpression[object.name='Scope'][property.name='REQUEST']",
    message: 'Tenant id is the first argument; no request scope.',
  },
  {
    selector:
      "BinaryExpression[operator=/^[!=]==?$/][left.name='provider'], BinaryExpression[operator=/^[!=]==?$/][left.property.name='provider']",
    message: 'What differs between providers lies in their presets.',
  },
];
// Functions take at most 4 parameters, then an object; constructors, which Nest fills, at most 6.
const tooManyParameters = [
  'FunctionDeclaration[params.length>4]',
  'ArrowFunctionExpression[params.length>4]',
  ":not(MethodDefinition[kind='constructor']) > FunctionExpression[params.length>4]",
  "MethodDefinition[kind='constructor'] > FunctionExpression[params.length>6]",
].map((selector) => ({ selector, message: 'Too many parameters: take an object.' }));
restrictedSyntax.push(...tooManyParameters);
const noEnv = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Settings are read in libs/config.',
};
const noFetch = {
  selector: "CallExpression[callee.name='fetch']",
  message: 'Connections outward go through libs/outbound.',
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'data/', 'coverage/', '**/*.cjs', '**/*.mjs', '**/*.js'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/require-await': 'error',
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60 }],
      'no-restricted-syntax': ['error', ...restrictedSyntax, noEnv, noFetch],
    },
  },
  { files: ['**/*.generated.ts'], rules: { 'max-lines': 'off' } },
  {
    files: ['libs/config/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...restrictedSyntax, noFetch] },
  },
  {
    files: ['libs/outbound/**/*.ts', 'libs/client/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...restrictedSyntax, noEnv] },
  },
  {
    files: ['**/*.spec.ts', '**/test/**/*.ts', 'libs/testing/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 600 }],
      'max-lines-per-function': 'off',
      'no-restricted-syntax': ['error', ...restrictedSyntax],
      // `expect.any` and its like are `any` by their types.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      'no-console': 'off',
    },
  },
);
