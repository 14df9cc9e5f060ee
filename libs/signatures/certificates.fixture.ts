import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** A certificate with the private key that goes with it. */
export interface Certified {
  readonly pem: string;
  readonly subject: string;
  readonly privateKey: KeyObject;
}

/** What a certificate for a test says. */
export interface CertificateRequest {
  readonly subject: string;
  /** Absent: it signs itself. */
  readonly issuer?: Certified;
  readonly isAuthority?: boolean;
  readonly host?: string;
  readonly from?: string;
  readonly until?: string;
  readonly bits?: number;
  /** An elliptic key on P-256 instead of RSA. */
  readonly isElliptic?: boolean;
  /** The DER bytes of the object id of one more, empty extension. */
  readonly extension?: readonly number[];
}

/** Writes an X.509 v3 certificate (RFC 5280), because node:crypto reads them only. */
export function certify(request: CertificateRequest): Certified {
  const { subject, issuer, from = '2020-01-01', until = '2049-01-01' } = request;
  const { publicKey, privateKey } =
    request.isElliptic === true
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: request.bits ?? 2048 });
  const isSignerElliptic = (issuer?.privateKey ?? privateKey).asymmetricKeyType === 'ec';
  const algorithm = isSignerElliptic
    ? sequence(objectId(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
    : sequence(objectId(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b), element(0x05));
  const content = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, Buffer.from([1])),
    algorithm,
    commonName(issuer?.subject ?? subject),
    sequence(time(from), time(until)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(...extensions(request))),
  );
  const signature = sign('sha256', content, issuer?.privateKey ?? privateKey);
  const der = sequence(content, algorithm, element(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n');
  return { pem: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`, subject, privateKey };
}

function extensions({ isAuthority = false, host, extension }: CertificateRequest): Buffer[] {
  const basicConstraints = sequence(
    objectId(0x55, 0x1d, 0x13),
    element(0x01, Buffer.from([0xff])),
    element(0x04, sequence(...(isAuthority ? [element(0x01, Buffer.from([0xff]))] : []))),
  );
  const names =
    host === undefined
      ? []
      : [sequence(objectId(0x55, 0x1d, 0x11), element(0x04, sequence(element(0x82, Buffer.from(host)))))];
  const own = extension === undefined ? [] : [sequence(objectId(...extension), element(0x04, element(0x05)))];
  return [basicConstraints, ...names, ...own];
}

function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return element(0x30, ...contents);
}

function objectId(...bytes: readonly number[]): Buffer {
  return element(0x06, Buffer.from(bytes));
}

function commonName(text: string): Buffer {
  return sequence(element(0x31, sequence(objectId(0x55, 0x04, 0x03), element(0x0c, Buffer.from(text)))));
}

function time(isoDate: string): Buffer {
  return element(0x17, Buffer.from(`${isoDate.slice(2).replaceAll('-', '')}000000Z`));
}
