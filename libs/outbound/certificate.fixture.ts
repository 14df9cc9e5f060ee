import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate with its key, made on the spot so that specs carry no key and nothing expires unnoticed. */
export interface Certified {
  readonly certificate: string;
  readonly key: string;
  readonly privateKey: KeyObject;
  readonly name: string;
}

export interface CertificateRequest {
  readonly name: string;
  /** Host names and IPv4 addresses it is valid for; an authority when absent. */
  readonly hosts?: readonly string[];
  /** Signed by itself when absent. */
  readonly issuer?: Certified;
  readonly notAfter?: Date;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const DAY_MS = 86_400_000;

/** Issues an X.509 v3 certificate (RFC 5280) with an ECDSA P-256 key. */
export function issueCertificate(request: CertificateRequest): Certified {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const notAfter = request.notAfter ?? new Date(Date.now() + DAY_MS);
  const algorithm = der(SEQUENCE, oid('2a8648ce3d040302')); // ecdsa-with-SHA256
  const content = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguishedName(request.issuer?.name ?? request.name),
    der(SEQUENCE, time(new Date(notAfter.getTime() - 30 * DAY_MS)), time(notAfter)),
    distinguishedName(request.name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, request.hosts === undefined ? authority() : alternativeNames(request.hosts))),
  );
  const signature = sign('sha256', content, request.issuer?.privateKey ?? privateKey);
  const whole = der(SEQUENCE, content, algorithm, der(0x03, Buffer.from([0]), signature));
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${whole.toString('base64')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    privateKey,
    name: request.name,
  };
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));

const time = (date: Date): Buffer => der(0x18, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, ''))); // GeneralizedTime

const distinguishedName = (name: string): Buffer =>
  der(SEQUENCE, der(SET, der(SEQUENCE, oid('550403'), der(0x0c, Buffer.from(name)))));

const authority = (): Buffer =>
  der(SEQUENCE, oid('551d13'), der(0x04, der(SEQUENCE, der(0x01, Buffer.from([0xff])))));

const alternativeNames = (hosts: readonly string[]): Buffer => {
  const names = hosts.map((host) =>
    isIP(host) === 0 ? der(0x82, Buffer.from(host)) : der(0x87, Buffer.from(host.split('.').map(Number))),
  );
  return der(SEQUENCE, oid('551d11'), der(0x04, der(SEQUENCE, ...names)));
};
