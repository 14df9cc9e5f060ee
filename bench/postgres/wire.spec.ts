import { binary, bindExecuteSync, StatementEnd } from './wire.js';

const message = (type: string, body: string): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + Buffer.byteLength(body), 1);
  return Buffer.concat([head, Buffer.from(body)]);
};

describe('the end of a statement', () => {
  const whole = Buffer.concat([message('2', ''), message('C', 'INSERT 0 1\0'), message('Z', 'I')]);

  test('is seen wherever the messages were cut', () => {
    for (let at = 1; at < whole.length; at += 1) {
      const end = new StatementEnd();
      expect(end.read(whole.subarray(0, at))).toBe(false);
      expect(end.read(whole.subarray(at))).toBe(true);
    }
  });

  test('is an error when the server refuses it', () => {
    const end = new StatementEnd();
    expect(() => end.read(message('E', 'SERROR\0Mduplicate key\0\0'))).toThrow('duplicate key');
  });
});

describe('the request to run a prepared statement', () => {
  test('holds Bind, Execute and Sync with their lengths', () => {
    const bytes = bindExecuteSync('s', [binary.text('abc'), binary.integer(1)]);
    const types: string[] = [];
    for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1))
      types.push(String.fromCharCode(bytes[at] ?? 0));
    expect(types).toEqual(['B', 'E', 'S']);
  });

  test('writes values as PostgreSQL reads them in binary', () => {
    expect(binary.integer(258)).toEqual(Buffer.from([0, 0, 1, 2]));
    expect(binary.uuid('019aa9f0-1c2d-7000-8000-00000000000a')).toHaveLength(16);
    expect(binary.time(946_684_800_001).readBigInt64BE()).toBe(1_000n);
    expect(binary.json({ a: 1 }).toString('latin1')).toBe('\u0001{"a":1}');
  });
});
