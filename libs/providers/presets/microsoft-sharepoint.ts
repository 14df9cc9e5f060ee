import type { ProviderPreset } from '../preset.js';
import { microsoftGraph } from './microsoft-graph.js';

/** SharePoint notifies as Microsoft Graph does: a clientState in each notification, and a token to echo at first. */
export const microsoftSharepoint: ProviderPreset = {
  ...microsoftGraph,
  id: 'microsoft-sharepoint',
  name: 'Microsoft SharePoint',
  docsUrl: 'https://learn.microsoft.com/sharepoint/dev/apis/webhooks/overview-sharepoint-webhooks',
  confidence: 'second_hand',
  aliasOf: 'microsoft-graph',
  uncovered: 'Nothing is signed: the clientState does not cover the body, where it stands itself.',
  setup: [
    'Make a callback secret, or import one.',
    'Add the subscription to the list with notificationUrl {ingest_url} and that secret as clientState.',
  ],
};
