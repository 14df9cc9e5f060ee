import { z } from 'zod';
import { jwtByPublishedKeys, type Scheme } from '#signatures';
import type { ProviderPreset } from '../preset.js';

// Plain http only to this machine, for issuers under development; the guarded client decides what may be reached.
const IssuerUrl = z
  .string()
  .max(2_048)
  .regex(/^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1)[:/])/, 'must be an https URL')
  .refine((text) => URL.canParse(text), 'must be an https URL');

const Settings = z.strictObject({
  issuer: IssuerUrl.default('https://accounts.google.com'),
  jwks_url: IssuerUrl.default('https://www.googleapis.com/oauth2/v3/certs').meta({
    description: 'Where the issuer publishes its keys',
  }),
});

/** A token of an OpenID Connect issuer, for any sender. It says who sends and for whom, not what. */
export const oidc: ProviderPreset = {
  id: 'oidc',
  name: 'OpenID Connect token (any sender)',
  docsUrl: 'https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'the audience (aud) of the tokens; no secret', source: 'imported' },
  uncovered: 'The token does not cover the body, method or URL.',
  tokenHeaders: ['authorization'],
  setup: [
    'Set issuer and jwks_url in the config of the source.',
    'Import the audience that the tokens are made for as a callback secret.',
    'Have the sender POST to {ingest_url} with Authorization: Bearer <token>.',
  ],
};

function schemeOf({ issuer, jwks_url: keysUrl }: z.output<typeof Settings>): Scheme {
  return jwtByPublishedKeys({
    name: 'oidc',
    place: { header: 'Authorization', valuePrefix: 'Bearer ' },
    algorithms: ['RS256', 'ES256', 'PS256', 'EdDSA'],
    issuer,
    keysUrl,
    defaultToleranceSeconds: 60,
    expectedClaims: (audience) => ({ aud: audience }),
  });
}
