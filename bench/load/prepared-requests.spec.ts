import { createHash, createHmac } from 'node:crypto';
import type { LoadSpec, Signing } from './load-spec.js';
import { bodyOf, eventIdOf, prepareRequests, writeCounter } from './prepared-requests.js';

const specOf = (signing: Signing, bodyBytes = 300): LoadSpec => ({
  targets: [{ url: 'http://127.0.0.1:8080/in/default/bench', signing, eventIdHeader: 'x-event-id' }],
  bodyBytes,
  connections: 4,
  warmUpSeconds: 0,
  seconds: 1,
  duplicates: 'none',
  idPrefix: 'b000001-',
  receiptsFile: '',
});

interface Parsed {
  readonly requestLine: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

function parse(bytes: Buffer): Parsed {
  const [head = '', body = ''] = bytes.toString('latin1').split('\r\n\r\n');
  const [requestLine = '', ...lines] = head.split('\r\n');
  return {
    requestLine,
    headers: new Map(lines.map((line) => line.split(': ') as [string, string])),
    body,
  };
}

const HMAC: Signing = { kind: 'hmac', header: 'callbox-signature', secret: 'secret' };

describe('prepared requests', () => {
  test('are whole, signed over their own body, and each has another body', () => {
    const pool = prepareRequests(specOf(HMAC));
    const parsed = pool.map(({ bytes }) => parse(bytes));
    for (const { requestLine, headers, body } of parsed) {
      expect(requestLine).toBe('POST /in/default/bench HTTP/1.1');
      expect(headers.get('Content-Length')).toBe('300');
      expect(body).toHaveLength(300);
      expect(headers.get('callbox-signature')).toBe(
        createHmac('sha256', 'secret').update(body).digest('hex'),
      );
    }
    expect(new Set(parsed.map(({ body }) => body)).size).toBe(pool.length);
  });

  test('carry the event id that is written into them, and keep their body', () => {
    const [request] = prepareRequests(specOf(HMAC));
    if (request === undefined) throw new Error('an empty pool');
    const { body } = parse(request.bytes);
    for (const counter of [0, 7, 1_234_567_890]) {
      writeCounter(request, counter);
      expect(parse(request.bytes).headers.get('x-event-id')).toBe(eventIdOf('b000001-', counter));
      expect(parse(request.bytes).body).toBe(body);
    }
  });

  test('of QStash carry a token over URL and body', () => {
    const [request] = prepareRequests(specOf({ kind: 'qstash', key: 'sig_key' }));
    const { headers, body } = parse(request?.bytes ?? Buffer.alloc(0));
    const [head = '', claims = '', signature] = (headers.get('Upstash-Signature') ?? '').split('.');
    expect(createHmac('sha256', 'sig_key').update(`${head}.${claims}`).digest('base64url')).toBe(signature);
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      iss: 'Upstash',
      sub: 'http://127.0.0.1:8080/in/default/bench',
      body: createHash('sha256').update(body).digest('base64url') + '=',
    });
  });

  test('have bodies of exactly the size asked for that are JSON', () => {
    for (const bytes of [100, 101, 1_024, 20_480]) {
      const body = bodyOf(bytes, 12_345);
      expect(body).toHaveLength(bytes);
      expect(JSON.parse(body.toString())).toMatchObject({ run_id: 'run_12345' });
    }
  });
});
