import { type Answer, receiptIn, ResponseReader } from './response-reader.js';

const BODY = '{"id":"01KAMZ0727E000000000000000","status":"accepted"}';
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
);

/** Feeds the pieces through one buffer, as a connection does. */
function readPieces(pieces: readonly Buffer[]): (Answer | null)[] {
  const reader = new ResponseReader();
  const buffer = Buffer.alloc(4_096);
  return pieces.map((piece) => {
    piece.copy(buffer);
    const answer = reader.read(buffer.subarray(0, piece.length));
    return answer === null ? null : { ...answer, body: Buffer.from(answer.body) };
  });
}

describe('the reader of answers', () => {
  test('reads a whole answer, and the next one after it', () => {
    const [first, second] = readPieces([ANSWER, ANSWER]);
    expect(first).toEqual({ status: 200, body: Buffer.from(BODY), closes: false });
    expect(second).toEqual(first);
  });

  test('puts an answer together wherever it was cut', () => {
    for (let at = 1; at < ANSWER.length; at += 1) {
      const [head, tail] = readPieces([ANSWER.subarray(0, at), ANSWER.subarray(at)]);
      expect(head).toBeNull();
      expect(tail?.body.toString()).toBe(BODY);
    }
  });

  test('puts an answer together that comes byte by byte', () => {
    const answers = readPieces(Array.from(ANSWER, (byte) => Buffer.from([byte])));
    expect(answers.slice(0, -1).every((answer) => answer === null)).toBe(true);
    expect(answers.at(-1)?.body.toString()).toBe(BODY);
  });

  test('sees that the server closes the connection', () => {
    const [answer] = readPieces([
      Buffer.from('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}'),
    ]);
    expect(answer).toEqual({ status: 503, body: Buffer.from('{}'), closes: true });
  });

  test('takes 204 for an answer without a body', () => {
    const [answer] = readPieces([Buffer.from('HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n')]);
    expect(answer).toMatchObject({ status: 204, closes: false });
    expect(answer?.body).toHaveLength(0);
  });

  test.each([
    ['two answers at once', Buffer.concat([ANSWER, ANSWER])],
    ['an answer of unknown length', Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')],
    ['what is no HTTP', Buffer.from('SSH-2.0-OpenSSH\r\n\r\n')],
  ])('refuses %s', (_name, bytes) => {
    expect(() => readPieces([bytes])).toThrow();
  });
});

describe('the receipt in a body', () => {
  test('names the id and whether the callback was known', () => {
    expect(receiptIn(Buffer.from(BODY))).toEqual({ id: '01KAMZ0727E000000000000000', isDuplicate: false });
    expect(receiptIn(Buffer.from('{"id":"X","status":"duplicate"}'))).toEqual({ id: 'X', isDuplicate: true });
  });

  test('is none where the body names no id', () => {
    expect(receiptIn(Buffer.from('{"status":"accepted"}'))).toBeNull();
    expect(receiptIn(Buffer.from(''))).toBeNull();
  });
});
