import { connect, type Socket } from 'node:net';

/** What came back on a connection, up to the end of one answer. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Opens a connection to the server at `url`. */
export async function openConnection(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  // A server that closes early may reset the connection; what was answered before is what counts.
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** Reads one answer whose length is declared; throws when the connection ends before it is whole. */
export function readAnswer(socket: Socket): Promise<RawAnswer> {
  let text = '';
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const answer = wholeAnswer(text);
      if (answer === null) return;
      socket.off('data', onData).off('close', onClose);
      resolve(answer);
    };
    const onClose = (): void => reject(new Error(`The connection ended after: ${text}`));
    socket.on('data', onData).on('close', onClose);
  });
}

/** Sends bytes as they stand on a connection of their own and reads the answer. */
export async function sendRaw(url: string, ...parts: readonly (string | Buffer)[]): Promise<RawAnswer> {
  const socket = await openConnection(url);
  const answer = readAnswer(socket);
  for (const part of parts) socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
  try {
    return await answer;
  } finally {
    socket.destroy();
  }
}

function wholeAnswer(text: string): RawAnswer | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = text.slice(0, headEnd);
  const body = text.slice(headEnd + 4);
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
  return body.length < length
    ? null
    : { status: Number(head.slice(9, 12)), head, body: body.slice(0, length) };
}
