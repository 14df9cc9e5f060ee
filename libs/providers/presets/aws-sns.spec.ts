import { awsSns } from './aws-sns.js';
import type { Callback } from '../preset.js';

const CONFIRM =
  'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:1:t';

/** Answers a verified message. */
function answer(message: unknown) {
  const request: Callback = {
    method: 'POST',
    url: 'https://inbox.example/in/t/s',
    headers: [],
    body: Buffer.from(JSON.stringify(message)),
    json: message,
  };
  return awsSns.handshake?.answer(request, { keys: [], config: {} }) ?? null;
}

describe('a subscription to an SNS topic', () => {
  test('is asked for by a message that SNS signs', () => {
    expect(awsSns.handshake?.isSigned).toBe(true);
  });

  test('is confirmed by opening the SubscribeURL', () => {
    expect(answer({ Type: 'SubscriptionConfirmation', SubscribeURL: CONFIRM })).toEqual({
      status: 200,
      headers: [],
      body: '',
      visit: new URL(CONFIRM).href,
    });
  });

  test.each([
    ['in plain text', CONFIRM.replace('https:', 'http:')],
    [
      'at another host',
      CONFIRM.replace('sns.eu-west-1.amazonaws.com', 'sns.eu-west-1.amazonaws.com.evil.example'),
    ],
    ['at a name beside it', CONFIRM.replace('sns.eu', 'evil.example/sns.eu')],
    ['at another port', CONFIRM.replace('.com/', '.com:8443/')],
    ['for another action', CONFIRM.replace('ConfirmSubscription', 'Unsubscribe')],
    ['that is none', 'not a URL'],
    ['that is no text', 5],
  ])('opens no URL %s', (_what, SubscribeURL) => {
    expect(answer({ Type: 'SubscriptionConfirmation', SubscribeURL })).toBeNull();
  });

  test.each([[{ Type: 'Notification', SubscribeURL: CONFIRM }], [null], ['text'], [[]]])(
    'is not asked for by %j',
    (message) => {
      expect(answer(message)).toBeNull();
    },
  );
});
