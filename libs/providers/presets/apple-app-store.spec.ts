import { X509Certificate } from 'node:crypto';
import { addressee, APPLE_ROOT_CA_G3, appleAppStore } from './apple-app-store.js';

const SANDBOX = 'com.example.app';
const PRODUCTION = 'com.example.app 1234567890';
const sandbox = { bundleId: 'com.example.app', environment: 'Sandbox' };
const production = { bundleId: 'com.example.app', appAppleId: 1234567890, environment: 'Production' };
const purchase = (externalPurchaseId: string) => ({
  bundleId: 'com.example.app',
  appAppleId: 1234567890,
  externalPurchaseId,
});

test("the root is Apple's, by its fingerprint", () => {
  const { fingerprint256, ca, subject } = new X509Certificate(APPLE_ROOT_CA_G3);
  expect(fingerprint256.replaceAll(':', '')).toBe(
    '63343ABFB89A6A03EBB57E9B3F5FA7BE7C4F5C756F3017B3A8C488C3653E9179',
  );
  expect(ca).toBe(true);
  expect(subject).toContain('CN=Apple Root CA - G3');
});

test.each<[what: string, secret: string, claims: object, isMeant: boolean]>([
  ['a sandbox notification', SANDBOX, { data: sandbox }, true],
  ['a sandbox notification in production', PRODUCTION, { data: sandbox }, false],
  ['a production notification', PRODUCTION, { data: production }, true],
  ['a production notification in the sandbox', SANDBOX, { data: production }, false],
  ['another app', PRODUCTION, { data: { ...production, bundleId: 'com.example.other' } }, false],
  ['another Apple ID', PRODUCTION, { data: { ...production, appAppleId: 1 } }, false],
  ['no Apple ID', PRODUCTION, { data: { ...production, appAppleId: undefined } }, false],
  ['a summary', PRODUCTION, { summary: production }, true],
  ['app data', SANDBOX, { appData: sandbox }, true],
  ['an external purchase', PRODUCTION, { externalPurchaseToken: purchase('7a9b') }, true],
  ['one of the sandbox', PRODUCTION, { externalPurchaseToken: purchase('SANDBOX_7a9b') }, false],
  ['one of the sandbox there', SANDBOX, { externalPurchaseToken: purchase('SANDBOX_7a9b') }, true],
  ['somebody else first', PRODUCTION, { data: { bundleId: 'x' }, summary: production }, false],
  ['nobody', PRODUCTION, {}, false],
])('%s, expecting %j', (_what, secret, claims, isMeant) => {
  expect(addressee(secret)?.({ ...claims })).toBe(isMeant);
});

test.each(['', 'com.example.app ', 'com.example.app x', 'com.example.app 0', 'com example', 'a b c'])(
  'nobody is called %j',
  (text) => {
    expect(appleAppStore.scheme.prepareKey(text).ok).toBe(false);
  },
);
