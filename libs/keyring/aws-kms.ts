import aws4 from 'aws4';
import type { AwsKmsSettings } from '#config';
import type { HeaderList } from '#outbound';
import { bindKey, openBoundKey } from './bound-key.js';
import { CannotDecrypt, PREFIX_BYTES } from './envelope.js';
import { keyIdForName } from './key-id.js';
import { FORMATS, type KeyProvider } from './key-provider.js';
import { fromBase64, type KeyService, type KeyServiceAnswer, type KeyServiceRequest } from './key-service.js';
import type { KeyServiceFailure } from './key-service-unavailable.js';

/** A symmetric key of AWS KMS: the operations Encrypt and Decrypt, signed with Signature Version 4. */
export class AwsKms implements KeyProvider {
  readonly name: string;
  readonly prefix: Buffer;

  constructor(
    private readonly service: KeyService,
    private readonly settings: Omit<AwsKmsSettings, 'keyIds'>,
    private readonly keyId: string,
  ) {
    this.name = `AWS KMS key ${keyId}`;
    const id = keyIdForName('aws-kms', `${settings.region}\0${keyId}`);
    this.prefix = Buffer.concat([Buffer.of(FORMATS.awsKms), id]);
  }

  async wrap(key: Buffer, context: readonly string[]): Promise<Buffer> {
    const plaintext = bindKey(key, this.prefix, context).toString('base64');
    const ciphertext = await this.service.ask(
      this.signed('Encrypt', { Plaintext: plaintext }, context),
      (answer) => valueOf(answer, 'CiphertextBlob') ?? failureOf(answer),
    );
    return Buffer.concat([this.prefix, ciphertext]);
  }

  async unwrap(wrapped: Buffer, context: readonly string[]): Promise<Buffer> {
    const ciphertext = wrapped.subarray(PREFIX_BYTES);
    if (ciphertext.length === 0) throw new CannotDecrypt();
    const body = { CiphertextBlob: ciphertext.toString('base64') };
    const bound = await this.service.ask(this.signed('Decrypt', body, context), (answer) => {
      if (UNREADABLE.includes(errorTypeOf(answer))) throw new CannotDecrypt();
      return valueOf(answer, 'Plaintext') ?? failureOf(answer);
    });
    return openBoundKey(bound, this.prefix, context);
  }

  close(): void {
    this.service.close();
  }

  private signed(
    operation: 'Encrypt' | 'Decrypt',
    body: Readonly<Record<string, string>>,
    context: readonly string[],
  ): KeyServiceRequest {
    const { endpoint, region, accessKeyId, secretAccessKey, sessionToken } = this.settings;
    const url = new URL(endpoint);
    const text = JSON.stringify({ KeyId: this.keyId, ...body, EncryptionContext: contextOf(context) });
    const signed = aws4.sign(
      {
        service: 'kms',
        region,
        method: 'POST',
        // As it goes over the wire, with its port; for the signature covers it.
        headers: {
          Host: url.host,
          'Content-Type': 'application/x-amz-json-1.1',
          'X-Amz-Target': `TrentService.${operation}`,
        },
        path: url.pathname,
        body: text,
      },
      { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    );
    const headers: HeaderList = Object.entries(signed.headers ?? {}).map(([name, value]) => [
      name,
      String(value),
    ]);
    return { url: url.href, headers, body: Buffer.from(text) };
  }
}

/** KMS authenticates it and writes it into CloudTrail, where it tells which tenant's key was asked for. */
function contextOf([_master, purpose = '', ...subject]: readonly string[]): Record<string, string> {
  return { 'callbox-purpose': purpose, ...(subject.length === 0 ? {} : { 'callbox-id': subject.join('/') }) };
}

function valueOf({ status, body }: KeyServiceAnswer, name: string): Buffer | null {
  return status === 200 ? fromBase64(body[name]) : null;
}

/** Of `{"__type": "com.amazonaws.kms#NotFoundException"}` what stands last; older services leave the first part out. */
function errorTypeOf({ body }: KeyServiceAnswer): string {
  const type = body['__type'];
  return typeof type === 'string' ? (type.split('#').at(-1) ?? '') : '';
}

/** The ciphertext, its context or its key is another one. */
const UNREADABLE = ['InvalidCiphertextException', 'IncorrectKeyException'];

const FAILURES: Readonly<Record<string, KeyServiceFailure>> = {
  AccessDeniedException: 'not_authorized',
  ExpiredTokenException: 'not_authorized',
  IncompleteSignature: 'not_authorized',
  InvalidClientTokenId: 'not_authorized',
  InvalidSignatureException: 'not_authorized',
  MissingAuthenticationTokenException: 'not_authorized',
  NotAuthorized: 'not_authorized',
  OptInRequired: 'not_authorized',
  SignatureDoesNotMatch: 'not_authorized',
  UnrecognizedClientException: 'not_authorized',
  InvalidArnException: 'key_not_found',
  InvalidKeyUsageException: 'key_not_found',
  NotFoundException: 'key_not_found',
  DisabledException: 'key_disabled',
  KMSInvalidStateException: 'key_disabled',
  KeyUnavailableException: 'service_down',
  DependencyTimeoutException: 'service_down',
  KMSInternalException: 'service_down',
  ServiceUnavailableException: 'service_down',
  LimitExceededException: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  TooManyRequestsException: 'throttled',
};

function failureOf(answer: KeyServiceAnswer): KeyServiceFailure {
  const type = errorTypeOf(answer);
  const known = FAILURES[type];
  if (known !== undefined) return known;
  if (answer.status >= 500) return 'service_down';
  return type === '' ? 'answer_invalid' : 'refused';
}
