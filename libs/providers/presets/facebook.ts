import type { ProviderPreset } from '../preset.js';
import { meta } from './meta.js';

/** Pages and Lead Ads of Facebook, which are webhooks of Meta's Graph API. */
export const facebook: ProviderPreset = {
  ...meta,
  id: 'facebook',
  name: 'Facebook Pages and Lead Ads',
  docsUrl: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started/webhooks-for-pages',
  aliasOf: 'meta',
};
