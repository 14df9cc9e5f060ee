import { z } from 'zod';
import { parseAllowList } from '#outbound';

/** Which parts of Callbox a process runs. */
export type Role = 'inbox' | 'api' | 'worker';

/** Injection token of the parsed settings. */
export const SETTINGS = Symbol('SETTINGS');

const MASTER_KEY_BYTES = 32;
const LARGEST_BODY_BYTES = 26_214_400;

const isBase64Key = (text: string): boolean =>
  /^[A-Za-z0-9+/]{43}=$/.test(text) && Buffer.from(text, 'base64').length === MASTER_KEY_BYTES;

const masterKeys = z.string().transform((text, context) => {
  const entries = text.split(',').map((entry) => entry.trim());
  const keys = entries.map((entry) => entry.slice(entry.indexOf(':') + 1));
  const everyIdThere = entries.length === 1 || entries.every((entry) => /^[\w.-]{1,64}:/.test(entry));
  if (!keys.every(isBase64Key) || !everyIdThere) {
    context.addIssue('must be 32 bytes in base64, or a comma-separated list of id:base64');
    return z.NEVER;
  }
  return keys.map((key) => Buffer.from(key, 'base64'));
});

const roles = z.string().transform((text, context): readonly Role[] => {
  const names = text.split(',').map((name) => name.trim());
  const known = names.filter((name): name is Role => ['inbox', 'api', 'worker'].includes(name));
  if (known.length !== names.length) context.addIssue('may name inbox, api and worker only');
  return [...new Set(known)];
});

const cidrs = z.string().transform((text, context): readonly string[] => {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  try {
    parseAllowList(entries);
  } catch {
    context.addIssue('must be a comma-separated list of CIDRs, none of them of cloud metadata or multicast');
  }
  return entries;
});

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);

const httpUrl = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '') {
    context.addIssue('must be an http(s) URL without query or fragment');
    return z.NEVER;
  }
  return text.replace(/\/+$/, '');
});

const databaseUrl = z
  .string()
  .refine((text) => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text), 'must be a postgres:// URL');

/** Every setting: its rule, default, meaning and an example. `docs/configuration.md` is generated from it. */
export const settingsSchema = {
  PORT: {
    rule: wholeNumber(0, 65_535),
    fallback: '8080',
    example: '8080',
    meaning: 'Port to listen on; 0 takes a free one.',
  },
  HOST: {
    rule: z.string().regex(/^[\w.:-]+$/, 'must be an address or host name'),
    fallback: '127.0.0.1 on the embedded default, else 0.0.0.0',
    example: '0.0.0.0',
    meaning: 'Address to listen on.',
  },
  PUBLIC_URL: {
    rule: httpUrl,
    fallback: 'http://localhost:$PORT',
    example: 'https://callbox.example.com',
    meaning: 'Base of every ingest URL. Some signatures cover it, so it must be what providers are told.',
  },
  DATABASE_URL: {
    rule: databaseUrl,
    fallback: 'unset = embedded PostgreSQL',
    example: 'postgres://callbox:password@db.example.com:5432/callbox',
    meaning: 'PostgreSQL 15 or newer.',
  },
  CALLBOX_DATA_DIR: {
    rule: z.string().min(1, 'must not be empty'),
    fallback: './data',
    example: '/var/lib/callbox',
    meaning: 'Where the embedded database and the generated keys live.',
  },
  CALLBOX_MASTER_KEY: {
    rule: masterKeys,
    fallback: 'generated into the data dir (mode 0600) on the embedded default only',
    example: '"$(openssl rand -base64 32)", or 2026b:<base64>,2026a:<base64>',
    meaning:
      'Wraps every stored secret. 32 bytes in base64, or a list id:base64 for rotation; the first one encrypts.',
  },
  CALLBOX_OPERATOR_KEY: {
    rule: z.string().min(32, 'must have at least 32 characters'),
    fallback: 'unset = operator API off',
    example: '"$(openssl rand -hex 32)"',
    meaning: 'Bearer token for /v1/tenants.',
  },
  CALLBOX_BOOTSTRAP_KEY: {
    rule: z.string().regex(/^[\x21-\x7e]{16,256}$/, 'must have 16 to 256 visible ASCII characters'),
    fallback: 'generated and printed once',
    example: '"cbk_$(openssl rand -hex 32)"',
    meaning: 'API key to give the tenant `default` on first start.',
  },
  CALLBOX_ROLES: {
    rule: roles,
    fallback: 'inbox,api,worker',
    example: 'inbox',
    meaning: 'Which parts this process runs.',
  },
  CALLBOX_ALLOW_DESTINATIONS: {
    rule: cidrs,
    fallback: '127.0.0.0/8,::1/128 on the embedded default, else empty',
    example: '10.0.0.0/8,fd00::/8',
    meaning: 'CIDRs of private space that deliveries may reach.',
  },
  CALLBOX_MAX_BODY_BYTES: {
    rule: wholeNumber(1, LARGEST_BODY_BYTES),
    fallback: '10485760',
    example: '1048576',
    meaning: 'Largest callback accepted, in bytes; up to 26214400.',
  },
  LOG_LEVEL: {
    rule: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be a pino level'),
    fallback: 'info',
    example: 'debug',
    meaning: 'Least level that is logged: fatal, error, warn, info, debug, trace or silent.',
  },
} as const;

type SettingName = keyof typeof settingsSchema;
type Parsed = { [Name in SettingName]: z.output<(typeof settingsSchema)[Name]['rule']> | undefined };

/** The settings of this process, checked. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly publicUrl: string;
  /** `undefined`: the embedded PostgreSQL is to be started. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  /** 32 bytes each, the first one encrypts; `undefined`: generated into the data dir. */
  readonly masterKeys: readonly Buffer[] | undefined;
  readonly operatorKey: string | undefined;
  readonly bootstrapKey: string | undefined;
  readonly roles: readonly Role[];
  readonly allowedDestinations: readonly string[];
  readonly maxBodyBytes: number;
  readonly logLevel: string;
}

/** Reads the settings, or lists every mistake by name, never by value. */
export function loadSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { ok: true; settings: Settings } | { ok: false; mistakes: readonly string[] } {
  const mistakes: string[] = [];
  const parsed = {} as Record<SettingName, unknown>;
  for (const name of Object.keys(settingsSchema) as SettingName[]) {
    const { rule, example } = settingsSchema[name];
    const text = environment[name];
    if (text === undefined || text === '') continue;
    const result = rule.safeParse(text);
    if (result.success) parsed[name] = result.data;
    else
      mistakes.push(
        `${name} ${result.error.issues[0]?.message ?? 'is wrong'}, for example ${name}=${example}`,
      );
  }
  if (environment['DATABASE_URL'] && !environment['CALLBOX_MASTER_KEY']) {
    mistakes.push(
      'CALLBOX_MASTER_KEY must be set when DATABASE_URL is (it is never generated beside a database of your own), ' +
        `for example CALLBOX_MASTER_KEY=${settingsSchema.CALLBOX_MASTER_KEY.example}`,
    );
  }
  if (Number(environment['PORT'] || NaN) === 0 && !environment['PUBLIC_URL']) {
    mistakes.push(
      'PUBLIC_URL must be set when PORT is 0 (ingest URLs could not name the port otherwise), ' +
        `for example PUBLIC_URL=${settingsSchema.PUBLIC_URL.example}`,
    );
  }
  return mistakes.length > 0
    ? { ok: false, mistakes }
    : { ok: true, settings: withDefaults(parsed as Parsed) };
}

function withDefaults(parsed: Parsed): Settings {
  const embedded = parsed.DATABASE_URL === undefined;
  const port = parsed.PORT ?? 8080;
  return {
    port,
    host: parsed.HOST ?? (embedded ? '127.0.0.1' : '0.0.0.0'),
    publicUrl: parsed.PUBLIC_URL ?? `http://localhost:${port}`,
    databaseUrl: parsed.DATABASE_URL,
    dataDir: parsed.CALLBOX_DATA_DIR ?? './data',
    masterKeys: parsed.CALLBOX_MASTER_KEY,
    operatorKey: parsed.CALLBOX_OPERATOR_KEY,
    bootstrapKey: parsed.CALLBOX_BOOTSTRAP_KEY,
    roles: parsed.CALLBOX_ROLES ?? ['inbox', 'api', 'worker'],
    allowedDestinations: parsed.CALLBOX_ALLOW_DESTINATIONS ?? (embedded ? ['127.0.0.0/8', '::1/128'] : []),
    maxBodyBytes: parsed.CALLBOX_MAX_BODY_BYTES ?? 10_485_760,
    logLevel: parsed.LOG_LEVEL ?? 'info',
  };
}
