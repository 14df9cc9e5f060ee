import { z } from 'zod';
import { masterKeys, secureUrl } from './rules.js';

/** What wraps the keys of tenants. */
export type KeyProviderKind = 'local' | 'vault' | 'aws-kms';

/** How to reach HashiCorp Vault or OpenBao, and which of its Transit keys are used. */
export interface VaultSettings {
  readonly address: string;
  readonly token: string;
  readonly namespace: string | undefined;
  /** `mount/name` each, the first one encrypts. */
  readonly keys: readonly string[];
}

/** How to reach AWS KMS, and which of its keys are used. */
export interface AwsKmsSettings {
  /** Ids, ARNs or aliases, the first one encrypts. */
  readonly keyIds: readonly string[];
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** The settings that say under which keys all others are stored. */
export interface KeySettings {
  readonly keyProvider: KeyProviderKind;
  /** 32 bytes each, the first one encrypts; `undefined`: in a file in the data dir. */
  readonly masterKeys: readonly Buffer[] | undefined;
  /** `undefined`: not known here. */
  readonly vault: VaultSettings | undefined;
  /** `undefined`: not known here. */
  readonly awsKms: AwsKmsSettings | undefined;
}

const visibleText = z.string().regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters');

const listOf = (entry: RegExp, mistake: string) =>
  z.string().transform((text, context): readonly string[] => {
    const entries = text.split(',').map((part) => part.trim());
    if (!entries.every((part) => entry.test(part))) context.addIssue(mistake);
    return entries;
  });

/** The part of the schema of all settings that is about keys. */
export const keySettingsSchema = {
  CALLBOX_MASTER_KEY: {
    rule: masterKeys,
    fallback: 'generated into the data dir (mode 0600) on the embedded default only',
    example: '"$(openssl rand -base64 32)", or 2026b:<base64>,2026a:<base64>',
    meaning:
      'Wraps every stored secret. 32 bytes in base64, or a list id:base64 for rotation; the first one encrypts. ' +
      'Beside a key service its keys still decrypt.',
  },
  CALLBOX_KEY_PROVIDER: {
    rule: z.enum(['local', 'vault', 'aws-kms'], 'must be local, vault or aws-kms'),
    fallback: 'local',
    example: 'vault',
    meaning:
      'What wraps the keys of tenants: the master key, HashiCorp Vault or OpenBao, or AWS KMS. See key-management.md.',
  },
  CALLBOX_VAULT_ADDR: {
    rule: secureUrl,
    fallback: 'unset = Vault is not used',
    example: 'https://vault.example.com:8200',
    meaning: 'Address of Vault or OpenBao; https, or http on this machine.',
  },
  CALLBOX_VAULT_TOKEN: {
    rule: visibleText,
    fallback: 'unset',
    example: '"$(cat /run/secrets/vault-token)"',
    meaning: 'Token that may use the Transit key. It is not renewed here.',
  },
  CALLBOX_VAULT_NAMESPACE: {
    rule: z.string().regex(/^[\w./-]+$/, 'must be the path of a namespace'),
    fallback: 'unset = the root namespace',
    example: 'teams/callbox',
    meaning: 'Namespace of Vault or OpenBao.',
  },
  CALLBOX_VAULT_KEY: {
    rule: listOf(
      /^[\w-][\w.-]*(\/[\w-][\w.-]*)+$/,
      'must be the mount of a Transit engine and the name of a key, mount/name',
    ),
    fallback: 'transit/callbox',
    example: 'transit/callbox',
    meaning: 'Transit key, as mount/name; or a comma-separated list of which the first one encrypts.',
  },
  CALLBOX_KMS_KEY_ID: {
    rule: listOf(/^[\w:/.-]{1,2048}$/, 'must be the id, ARN or alias of a KMS key'),
    fallback: 'unset = AWS KMS is not used',
    example: 'alias/callbox',
    meaning:
      'Symmetric KMS key: id, ARN or alias; or a comma-separated list of which the first one encrypts.',
  },
  CALLBOX_KMS_ENDPOINT: {
    rule: secureUrl,
    fallback: 'https://kms.$AWS_REGION.amazonaws.com',
    example: 'https://vpce-0123.kms.eu-central-1.vpce.amazonaws.com',
    meaning: 'Address of AWS KMS, for VPC endpoints and other partitions.',
  },
  AWS_REGION: {
    rule: z.string().regex(/^[a-z0-9-]{4,32}$/, 'must be the name of a region'),
    fallback: 'unset',
    example: 'eu-central-1',
    meaning: 'Region of the KMS key.',
  },
  AWS_ACCESS_KEY_ID: {
    rule: visibleText,
    fallback: 'unset',
    example: '"$(cat /run/secrets/aws-access-key-id)"',
    meaning: 'Credentials for AWS KMS.',
  },
  AWS_SECRET_ACCESS_KEY: {
    rule: visibleText,
    fallback: 'unset',
    example: '"$(cat /run/secrets/aws-secret-access-key)"',
    meaning: 'Credentials for AWS KMS.',
  },
  AWS_SESSION_TOKEN: {
    rule: visibleText,
    fallback: 'unset',
    example: '"$(cat /run/secrets/aws-session-token)"',
    meaning: 'Credentials for AWS KMS, when they are temporary.',
  },
} as const;

type Environment = Readonly<Record<string, string | undefined>>;
type KeySettingName = keyof typeof keySettingsSchema;
type Parsed = {
  [Name in KeySettingName]: z.output<(typeof keySettingsSchema)[Name]['rule']> | undefined;
};

const VAULT = ['CALLBOX_VAULT_ADDR', 'CALLBOX_VAULT_TOKEN'] as const;
const AWS_KMS = ['CALLBOX_KMS_KEY_ID', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;

/** What else must be set, given what is: mistakes by name. */
export function missingKeySettings(environment: Environment): string[] {
  const isSet = (name: string) => (environment[name] ?? '') !== '';
  const missing = (names: readonly KeySettingName[], reason: string) =>
    names
      .filter((name) => !isSet(name))
      .map((name) => `${name} must be set ${reason}, for example ${name}=${exampleOf(name)}`);
  const kind = environment['CALLBOX_KEY_PROVIDER'] ?? '';
  const mistakes: string[] = [];
  if (isSet('DATABASE_URL') && ['', 'local'].includes(kind)) {
    const reason = 'when DATABASE_URL is (it is never generated beside a database of your own)';
    mistakes.push(...missing(['CALLBOX_MASTER_KEY'], reason));
  }
  if (kind === 'vault') mistakes.push(...missing(VAULT, 'when CALLBOX_KEY_PROVIDER is vault'));
  else if (isSet(VAULT[0])) mistakes.push(...missing(VAULT, `when ${VAULT[0]} is`));
  if (kind === 'aws-kms') mistakes.push(...missing(AWS_KMS, 'when CALLBOX_KEY_PROVIDER is aws-kms'));
  else if (isSet(AWS_KMS[0])) mistakes.push(...missing(AWS_KMS, `when ${AWS_KMS[0]} is`));
  return mistakes;
}

const exampleOf = (name: KeySettingName): string => keySettingsSchema[name].example;

/** The key settings, from values that are right each by itself. */
export function keySettingsOf(parsed: Parsed): KeySettings {
  return {
    keyProvider: parsed.CALLBOX_KEY_PROVIDER ?? 'local',
    masterKeys: parsed.CALLBOX_MASTER_KEY,
    vault: vaultOf(parsed),
    awsKms: awsKmsOf(parsed),
  };
}

function vaultOf(parsed: Parsed): VaultSettings | undefined {
  const { CALLBOX_VAULT_ADDR: address, CALLBOX_VAULT_TOKEN: token } = parsed;
  if (address === undefined || token === undefined) return undefined;
  const keys = parsed.CALLBOX_VAULT_KEY ?? [keySettingsSchema.CALLBOX_VAULT_KEY.fallback];
  return { address, token, namespace: parsed.CALLBOX_VAULT_NAMESPACE, keys };
}

function awsKmsOf(parsed: Parsed): AwsKmsSettings | undefined {
  const { CALLBOX_KMS_KEY_ID: keyIds, AWS_REGION: region } = parsed;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = parsed;
  if (!keyIds || !region || !accessKeyId || !secretAccessKey) return undefined;
  return {
    keyIds,
    region,
    endpoint: parsed.CALLBOX_KMS_ENDPOINT ?? `https://kms.${region}.amazonaws.com`,
    accessKeyId,
    secretAccessKey,
    sessionToken: parsed.AWS_SESSION_TOKEN,
  };
}
