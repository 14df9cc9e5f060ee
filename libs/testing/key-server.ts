import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import aws4 from 'aws4';

/** What a key server does to requests: its work, or one of the ways in which it does not. */
export type KeyServerMood =
  | 'working'
  | 'hanging'
  | 'hanging up'
  | 'garbage'
  | 'broken'
  | 'throttling'
  | 'without key'
  | 'ignoring context'
  | 'losing keys';

interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Readonly<Record<string, unknown>>;
}

/** Credentials that a key server accepts. */
export const KEY_SERVER = {
  token: 'hvs.the-token-of-the-tests',
  region: 'eu-central-1',
  accessKeyId: 'AKIDOFTHETESTS',
  secretAccessKey: 'the-secret-access-key-of-the-tests',
} as const;

/**
 * Speaks the documented wire formats of Vault's Transit engine and of AWS KMS, with real encryption under keys of its
 * own and additional data that counts.
 */
export class KeyServer {
  readonly asked: Asked[] = [];
  mood: KeyServerMood = 'working';
  /** Keys by the name they are asked for; made when first asked for. */
  readonly #keys = new Map<string, Buffer>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(port = 0): Promise<KeyServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const keyServer = new KeyServer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => keyServer.answer(request, response, Buffer.concat(chunks).toString('utf8')));
    });
    return keyServer;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** How many keys it has been asked to unwrap. */
  get unwraps(): number {
    return this.asked.filter(
      ({ path, headers }) => path.includes('/decrypt/') || headers['x-amz-target'] === 'TrentService.Decrypt',
    ).length;
  }

  private answer(request: IncomingMessage, response: ServerResponse, text: string): void {
    const body = JSON.parse(text) as Record<string, string>;
    const path = request.url ?? '';
    this.asked.push({ path, headers: request.headers, body });
    if (this.mood === 'hanging') return;
    if (this.mood === 'hanging up') return void request.socket.destroy();
    if (this.mood === 'garbage') return void response.writeHead(200).end('<html>Welcome to the hotel</html>');
    const target = request.headers['x-amz-target'];
    const [status, reply] =
      target === undefined ? this.vault(path, request, body) : this.kms(request, text, body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
  }

  private vault(path: string, request: IncomingMessage, body: Record<string, string>): [number, object] {
    const [, mount, operation, name = ''] = /^\/v1\/(.+)\/(encrypt|decrypt)\/([\w.-]+)$/.exec(path) ?? [];
    if (mount === undefined || request.method !== 'POST') return [404, { errors: [] }];
    if (this.mood === 'broken') return [503, { errors: ['Vault is sealed'] }];
    if (this.mood === 'throttling') return [429, { errors: ['request path quota exceeded'] }];
    if (request.headers['x-vault-token'] !== KEY_SERVER.token) {
      return [403, { errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'] }];
    }
    if (this.mood === 'without key') return [400, { errors: ['encryption key not found'] }];
    const namespace = String(request.headers['x-vault-namespace'] ?? '');
    const key = this.key(`${namespace}/${mount}/${name}`);
    const context = Buffer.from(body['associated_data'] ?? '', 'base64');
    if (operation === 'encrypt') {
      const sealed = this.seal(key, context, Buffer.from(body['plaintext'] ?? '', 'base64'));
      return [200, { data: { ciphertext: `vault:v1:${sealed.toString('base64')}`, key_version: 1 } }];
    }
    const [, version, base64 = ''] = /^vault:v(\d+):(.*)$/.exec(body['ciphertext'] ?? '') ?? [];
    if (version !== '1') return [400, { errors: ['invalid ciphertext: version is too new'] }];
    const opened = this.open(key, context, Buffer.from(base64, 'base64'));
    if (opened === null) return [400, { errors: ['cipher: message authentication failed'] }];
    return [200, { request_id: 'r', lease_id: '', data: { plaintext: opened.toString('base64') } }];
  }

  private kms(
    request: IncomingMessage,
    text: string,
    body: Readonly<Record<string, unknown>>,
  ): [number, object] {
    if (this.mood === 'broken') return [500, { __type: 'KMSInternalException' }];
    if (this.mood === 'throttling') return [400, { __type: 'ThrottlingException', message: 'Rate exceeded' }];
    if (!isSignedRightly(request, text)) {
      const message = 'The request signature we calculated does not match the signature you provided.';
      return [400, { __type: 'InvalidSignatureException', message }];
    }
    const error = (type: string): [number, object] => [
      400,
      { __type: `com.amazonaws.kms#${type}`, message: '' },
    ];
    if (this.mood === 'without key') return error('NotFoundException');
    const keyId = String(body['KeyId']);
    const key = this.key(keyId);
    const context = Buffer.from(JSON.stringify(body['EncryptionContext'] ?? null));
    if (request.headers['x-amz-target'] === 'TrentService.Encrypt') {
      const sealed = this.seal(key, context, Buffer.from(String(body['Plaintext']), 'base64'));
      return [200, { CiphertextBlob: sealed.toString('base64'), KeyId: keyId }];
    }
    const opened = this.open(key, context, Buffer.from(String(body['CiphertextBlob']), 'base64'));
    if (opened === null) return error('InvalidCiphertextException');
    return [200, { Plaintext: opened.toString('base64'), KeyId: keyId }];
  }

  private key(name: string): Buffer {
    const key = this.#keys.get(name) ?? randomBytes(32);
    this.#keys.set(name, key);
    return key;
  }

  private seal(key: Buffer, context: Buffer, plaintext: Buffer): Buffer {
    const nonce = randomBytes(12);
    const used = this.mood === 'losing keys' ? randomBytes(32) : key;
    const cipher = createCipheriv('aes-256-gcm', used, nonce).setAAD(this.counted(context));
    return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  private open(key: Buffer, context: Buffer, sealed: Buffer): Buffer | null {
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
      decipher.setAAD(this.counted(context)).setAuthTag(sealed.subarray(-16));
      return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
    } catch {
      return null;
    }
  }

  private counted(context: Buffer): Buffer {
    return this.mood === 'ignoring context' ? Buffer.alloc(0) : context;
  }
}

/** Signs the request anew, from what came over the wire, and compares. */
function isSignedRightly(request: IncomingMessage, body: string): boolean {
  const { authorization = '', host = '' } = request.headers;
  const signedHeaders = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? [];
  if (!['host', 'x-amz-date', 'x-amz-target', 'content-type'].every((name) => signedHeaders.includes(name))) {
    return false;
  }
  const headers = Object.fromEntries(
    signedHeaders.map((name) => [name, String(request.headers[name] ?? '')]),
  );
  const { accessKeyId, secretAccessKey, region } = KEY_SERVER;
  const sessionToken = request.headers['x-amz-security-token'];
  const again = aws4.sign(
    {
      service: 'kms',
      region,
      method: request.method ?? '',
      host,
      path: request.url ?? '',
      headers,
      body,
    },
    {
      accessKeyId,
      secretAccessKey,
      ...(typeof sessionToken === 'string' ? { sessionToken } : {}),
    },
  );
  return again.headers?.['Authorization'] === authorization;
}
