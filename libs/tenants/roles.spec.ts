import { mayActAs } from './roles.js';

test.each([
  ['viewer', 'viewer', true],
  ['viewer', 'developer', false],
  ['viewer', 'admin', false],
  ['developer', 'viewer', true],
  ['developer', 'developer', true],
  ['developer', 'admin', false],
  ['admin', 'viewer', true],
  ['admin', 'developer', true],
  ['admin', 'admin', true],
] as const)('a key of the role %s may do what asks for %s: %s', (actual, required, allowed) => {
  expect(mayActAs(actual, required)).toBe(allowed);
});
