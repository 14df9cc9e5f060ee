import { certificateSignature, certifiedJson } from '#signatures';
import { json } from '../locators.js';
import type { Callback, HandshakeReply, ProviderPreset } from '../preset.js';

const NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];
const CONFIRMATION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];

const HOST = /^sns\.[a-z0-9-]{3,}\.amazonaws\.com(?:\.cn)?$/;

/**
 * SNS signs some fields of its JSON with a certificate that it names. Anybody can have SNS sign, so the message
 * must come from the topic whose ARN is the "secret". Messages are sent again for hours with their first time, so
 * none is too old.
 */
export const awsSns: ProviderPreset = {
  id: 'aws-sns',
  name: 'Amazon SNS',
  docsUrl: 'https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: certificateSignature({
    name: 'sns',
    read: certifiedJson({
      signature: 'Signature',
      certificateUrl: 'SigningCertURL',
      algorithm: {
        field: 'SignatureVersion',
        hashes: new Map([
          ['1', 'sha1'],
          ['2', 'sha256'],
        ]),
      },
      timestamp: { field: 'Timestamp', unit: 'rfc3339' },
      identifier: 'TopicArn',
      kind: {
        field: 'Type',
        signedFields: new Map([
          ['Notification', NOTIFICATION],
          ['SubscriptionConfirmation', CONFIRMATION],
          ['UnsubscribeConfirmation', CONFIRMATION],
        ]),
      },
    }),
    certificateUrl: {
      host: HOST,
      path: /^\/SimpleNotificationService-[0-9A-Za-z]+\.pem$/,
    },
    toleranceSeconds: null,
    identifierProblem: (text) =>
      /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]{1,261}$/.test(text)
        ? null
        : 'the text is not the ARN of a topic',
  }),
  secret: { format: 'the ARN of the topic, arn:aws:sns:…', source: 'imported' },
  eventId: json('/MessageId'),
  eventType: json('/Type'),
  handshake: {
    description:
      'A signed SubscriptionConfirmation of the topic is answered after its SubscribeURL has been opened; it is no event.',
    isSigned: true,
    answer: confirmSubscription,
  },
  uncovered:
    'Fields beyond those of SNS, such as UnsubscribeURL and MessageAttributes, are not signed; nor is anything with raw message delivery.',
  setup: [
    'Import the ARN of the topic as a callback secret of the source.',
    'In Amazon SNS: Topics → the topic → Create subscription, protocol HTTPS, endpoint {ingest_url}, raw message delivery off.',
    'The subscription is confirmed by itself within seconds.',
  ],
};

function confirmSubscription({ json: message }: Callback): HandshakeReply | null {
  const { Type, SubscribeURL } = (message ?? {}) as { Type?: unknown; SubscribeURL?: unknown };
  if (Type !== 'SubscriptionConfirmation' || typeof SubscribeURL !== 'string') return null;
  const url = URL.canParse(SubscribeURL) ? new URL(SubscribeURL) : null;
  const isConfirmation = url?.searchParams.get('Action') === 'ConfirmSubscription';
  if (url?.protocol !== 'https:' || url.port !== '' || !HOST.test(url.hostname) || !isConfirmation)
    return null;
  return { status: 200, headers: [], body: '', visit: url.href };
}
