import { type ClaimsJudge, jwsWithCertificates } from '#signatures';
import { firstOf, joined } from '../locators.js';
import type { ProviderPreset } from '../preset.js';
import { tokenClaim } from '../token-claims.js';

/**
 * Apple Root CA - G3, https://www.apple.com/certificateauthority/, SHA-256
 * 63343ABFB89A6A03EBB57E9B3F5FA7BE7C4F5C756F3017B3A8C488C3653E9179, until 2039.
 */
export const APPLE_ROOT_CA_G3 = `-----BEGIN CERTIFICATE-----
MIICQzCCAcmgAwIBAgIILcX8iNLFS5UwCgYIKoZIzj0EAwMwZzEbMBkGA1UEAwwS
QXBwbGUgUm9vdCBDQSAtIEczMSYwJAYDVQQLDB1BcHBsZSBDZXJ0aWZpY2F0aW9u
IEF1dGhvcml0eTETMBEGA1UECgwKQXBwbGUgSW5jLjELMAkGA1UEBhMCVVMwHhcN
MTQwNDMwMTgxOTA2WhcNMzkwNDMwMTgxOTA2WjBnMRswGQYDVQQDDBJBcHBsZSBS
b290IENBIC0gRzMxJjAkBgNVBAsMHUFwcGxlIENlcnRpZmljYXRpb24gQXV0aG9y
aXR5MRMwEQYDVQQKDApBcHBsZSBJbmMuMQswCQYDVQQGEwJVUzB2MBAGByqGSM49
AgEGBSuBBAAiA2IABJjpLz1AcqTtkyJygRMc3RCV8cWjTnHcFBbZDuWmBSp3ZHtf
TjjTuxxEtX/1H7YyYl3J6YRbTzBPEVoA/VhYDKX1DyxNB0cTddqXl5dvMVztK517
IDvYuVTZXpmkOlEKMaNCMEAwHQYDVR0OBBYEFLuw3qFYM4iapIqZ3r6966/ayySr
MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMAoGCCqGSM49BAMDA2gA
MGUCMQCD6cHEFl4aXTQY2e3v9GwOAEZLuN+yRhHFD/3meoyhpmvOwgPUnPWTxnS4
at+qIxUCMG1mihDK1A3UT82NQz60imOlM27jbdoXt2QfyFMm+YhidDkLF1vLUagM
6BgD56KyKA==
-----END CERTIFICATE-----`;

type Values = Readonly<Record<string, unknown>>;

const PAYLOAD = { json: '/signedPayload' };
const ADDRESSEE = /^([A-Za-z0-9.-]{1,155})(?: ([1-9][0-9]{0,14}))?$/;
const type = tokenClaim(PAYLOAD, '/notificationType');

/** Version 2. Apple signs for every app alike, so the payload must name the app and the environment that are expected. */
export const appleAppStore: ProviderPreset = {
  id: 'apple-app-store',
  name: 'Apple App Store Server Notifications (version 2)',
  docsUrl: 'https://developer.apple.com/documentation/appstoreservernotifications/responsebodyv2',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: jwsWithCertificates({
    place: PAYLOAD,
    algorithms: ['ES256'],
    anchors: [APPLE_ROOT_CA_G3],
    // The marks of a certificate for receipts of the App Store, and of the intermediate that issues them.
    extensions: ['1.2.840.113635.100.6.11.1', '1.2.840.113635.100.6.2.1'],
    // Retries come for three days.
    timestamp: { claim: '/signedDate', unit: 'milliseconds', toleranceSeconds: null },
    expectedClaims: addressee,
  }),
  secret: {
    format:
      'for the sandbox the bundle id; for production the bundle id, a blank and the Apple ID of the app; no secret',
    source: 'imported',
  },
  eventId: tokenClaim(PAYLOAD, '/notificationUUID'),
  eventType: firstOf(joined('.', type, tokenClaim(PAYLOAD, '/subtype')), type),
  uncovered:
    'What stands beside signedPayload in the body, and the URL. Whether Apple has revoked a certificate is not asked.',
  setup: [
    'In App Store Connect: your app → App Information → App Store Server Notifications, production or sandbox URL {ingest_url}, version 2.',
    'Import "<bundle id> <Apple ID of the app>" for production, "<bundle id>" for the sandbox, as callback secrets.',
  ],
};

/**
 * The rule of Apple's own SignedDataVerifier: production demands the Apple ID too, and each environment takes only its own.
 *
 * @param plainText `<bundle id>` for the sandbox, `<bundle id> <Apple ID>` for production
 * @example addressee('com.example.app')?.({ data: { bundleId: 'com.example.app', environment: 'Sandbox' } }) // true
 */
export function addressee(plainText: string): ClaimsJudge | null {
  const [, bundleId, appAppleId] = ADDRESSEE.exec(plainText) ?? [];
  if (bundleId === undefined) return null;
  return (claims) => {
    const subject = subjectOf(claims);
    if (subject?.bundleId !== bundleId) return false;
    if (appAppleId === undefined) return environmentOf(subject) === 'Sandbox';
    return environmentOf(subject) === 'Production' && subject.appAppleId === Number(appAppleId);
  };
}

function subjectOf({ data, summary, externalPurchaseToken, appData }: Values): Values | null {
  const subject = data ?? summary ?? externalPurchaseToken ?? appData;
  return typeof subject === 'object' && subject !== null ? (subject as Values) : null;
}

/** A token of an external purchase tells its environment by its id. */
function environmentOf({ environment, externalPurchaseId }: Values): unknown {
  if (typeof externalPurchaseId !== 'string') return environment;
  return externalPurchaseId.startsWith('SANDBOX') ? 'Sandbox' : 'Production';
}
