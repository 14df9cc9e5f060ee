import { createHash, createHmac } from 'node:crypto';
import { EventCallbackHelper, EventCallbackRequest } from '@dropbox/sign';
import { generateWebhookSignature, verifyWebhookSignature } from '@hygraph/utils';
import { BraintreeGateway, Environment } from 'braintree';
import { WebhookSignatureValidator } from 'mercadopago';
import {
  getExpectedTwilioSignature,
  validateRequest,
  validateRequestWithBody,
} from 'twilio/lib/webhooks/webhooks.js';
import { parseJson, type SignedRequest } from '#signatures';
import { type Peer, textOf, TEXTS, valueOf, withHeaders } from './official-peers.fixture.js';

const FORM = [['Content-Type', 'application/x-www-form-urlencoded']] as const;

/** The form in the body, the values of one name in a list if there are several. */
function formOf(request: SignedRequest): Record<string, string | string[]> {
  const form = new URLSearchParams(textOf(request));
  return Object.fromEntries(
    [...new Set(form.keys())].map((name) => {
      const [first = '', ...others] = form.getAll(name);
      return [name, others.length === 0 ? first : [first, ...others]];
    }),
  );
}

const withUrlAltered = (request: SignedRequest): SignedRequest => ({
  ...request,
  url: request.url.replace('paid', 'void'),
});

const PORTS = ['', ':443', ':8443'] as const;

const TWILIO_PEERS: readonly Peer[] = [
  ...PORTS.map((port): Peer => ({
    library: `twilio, forms to port ${port || 'none'},`,
    id: 'twilio',
    ...TEXTS,
    headers: FORM,
    url: `https://inbox.example${port}/in/acme/peer?line=1&note=it's`,
    bodies: [
      'Status=paid&Note=Jos%C3%A9+%26+m%2Bore%20%F0%9F%98%80&MediaUrl=',
      'Status=paid&Z=1&A=2&a=3&List=b&List=a&List=b',
    ],
    sign: (request, token) =>
      withHeaders(request, [
        'X-Twilio-Signature',
        getExpectedTwilioSignature(token, request.url, formOf(request)),
      ]),
    accepts: (request, token) =>
      validateRequest(token, valueOf(request, 'X-Twilio-Signature'), request.url, formOf(request)),
  })),
  {
    library: 'twilio, JSON,',
    id: 'twilio',
    ...TEXTS,
    headers: [['Content-Type', 'application/json']],
    prepare: (request) => {
      const hash = createHash('sha256').update(request.body).digest('hex');
      return { ...request, url: `${request.url}?line=1&bodySHA256=${hash}` };
    },
    sign: (request, token) =>
      withHeaders(request, ['X-Twilio-Signature', getExpectedTwilioSignature(token, request.url, {})]),
    accepts: (request, token) =>
      validateRequestWithBody(token, valueOf(request, 'X-Twilio-Signature'), request.url, textOf(request)),
  },
];

function braintreeWith(privateKey: string) {
  return new BraintreeGateway({
    environment: Environment.Sandbox,
    merchantId: 'merchant',
    publicKey: 'apublickey',
    privateKey,
  });
}

const braintreeForm = (form: Record<string, string>) => Buffer.from(new URLSearchParams(form).toString());

const BRAINTREE: Peer = {
  library: 'braintree',
  id: 'braintree',
  config: { public_key: 'apublickey' },
  ...TEXTS,
  headers: FORM,
  // The id of the sample that is made.
  bodies: ['paid'],
  sign: async (request, privateKey) => {
    const { webhookTesting } = braintreeWith(privateKey);
    const id = textOf(request);
    return {
      ...request,
      body: braintreeForm(await webhookTesting.sampleNotification('subscription_canceled', id)),
    };
  },
  alter: (request) => {
    const { bt_signature: signature = '', bt_payload: payload = '' } = formOf(request);
    const xml = Buffer.from(String(payload), 'base64').toString().replace('paid', 'void');
    const altered = `${Buffer.from(xml).toString('base64')}\n`;
    return { ...request, body: braintreeForm({ bt_signature: String(signature), bt_payload: altered }) };
  },
  accepts: (request, privateKey) => {
    const { bt_signature: signature = '', bt_payload: payload = '' } = formOf(request);
    return braintreeWith(privateKey).webhookNotification.parse(String(signature), String(payload));
  },
};

const DROPBOX_EVENT =
  '{"event":{"event_time":"1669926463","event_type":"paid","event_hash":"","event_metadata":{}}}';

const DROPBOX_SIGN: Peer = {
  library: '@dropbox/sign',
  id: 'dropbox-sign',
  ...TEXTS,
  headers: [['Content-Type', 'multipart/form-data; boundary=part']],
  bodies: [`--part\r\nContent-Disposition: form-data; name="json"\r\n\r\n${DROPBOX_EVENT}\r\n--part--\r\n`],
  // The library verifies only.
  sign: (request, apiKey) => {
    const hash = createHmac('sha256', apiKey).update('1669926463paid').digest('hex');
    return { ...request, body: Buffer.from(textOf(request).replace('_hash":""', `_hash":"${hash}"`)) };
  },
  accepts: (request, apiKey) => {
    const [, json = ''] = /\r\n\r\n(.*)\r\n--/s.exec(textOf(request)) ?? [];
    return EventCallbackHelper.isValid(apiKey, EventCallbackRequest.init(parseJson(Buffer.from(json))));
  },
};

const HYGRAPH: Peer = {
  library: '@hygraph/utils',
  id: 'hygraph',
  ...TEXTS,
  sign: (request, secret, nowMs) => {
    // It signs at no other time than now.
    jest.useFakeTimers({ now: nowMs });
    const signature = generateWebhookSignature({
      rawPayload: textOf(request),
      environmentName: 'main',
      secret,
    });
    jest.useRealTimers();
    return withHeaders(request, ['gcms-signature', signature]);
  },
  accepts: (request, secret) =>
    verifyWebhookSignature({
      rawPayload: textOf(request),
      signature: valueOf(request, 'gcms-signature'),
      secret,
    }),
};

const MERCADO_PAGO: Peer = {
  library: 'mercadopago',
  id: 'mercado-pago',
  ...TEXTS,
  headers: [['x-request-id', 'f7b2a1d4-0000-4000-8000-000000000001']],
  url: 'https://inbox.example/in/acme/peer?data.id=paid1&type=payment',
  alter: withUrlAltered,
  accepts: (request, secret) => {
    WebhookSignatureValidator.validate({
      xSignature: valueOf(request, 'x-signature'),
      xRequestId: valueOf(request, 'x-request-id'),
      dataId: new URL(request.url).searchParams.get('data.id'),
      secret,
    });
  },
};

/** Signatures that stand in the body or cover parts of the URL or of the body. */
export const FIELD_PEERS: readonly Peer[] = [...TWILIO_PEERS, BRAINTREE, DROPBOX_SIGN, HYGRAPH, MERCADO_PAGO];
