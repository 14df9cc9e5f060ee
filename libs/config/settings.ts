import { z } from 'zod';
import { cidrs, databaseUrl, httpUrl, LARGEST_BODY_BYTES, type Role, roles, wholeNumber } from './rules.js';
import { defaultLimits, type Limits } from './limits.js';
import { type KeySettings, keySettingsOf, keySettingsSchema, missingKeySettings } from './key-settings.js';

export type { Role } from './rules.js';

/** Injection token of the parsed settings. */
export const SETTINGS = Symbol('SETTINGS');

const MOST_REQUESTS_PER_MINUTE = 1_000_000;
const MOST_CALLBACKS_PER_SECOND = 1_000_000;
const MOST_PROCESSES = 64;
const PEBIBYTE = 2 ** 50;
const GIBIBYTE = 2 ** 30;
const MOST_STREAMS = 5_000;

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
  ...keySettingsSchema,
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
    meaning: 'CIDRs of private space that deliveries may reach; set to nothing, none.',
  },
  CALLBOX_MAX_BODY_BYTES: {
    rule: wholeNumber(1, LARGEST_BODY_BYTES),
    fallback: '10485760',
    example: '1048576',
    meaning: 'Largest callback accepted, in bytes; up to 26214400.',
  },
  CALLBOX_TRUSTED_PROXIES: {
    rule: cidrs,
    fallback: 'empty = the address that connects is the caller',
    example: '10.0.0.0/8,fd00::/8',
    meaning: 'CIDRs of the proxies in front of Callbox whose `X-Forwarded-For` is believed.',
  },
  CALLBOX_API_RATE_PER_MINUTE: {
    rule: wholeNumber(0, MOST_REQUESTS_PER_MINUTE),
    fallback: '600',
    example: '1200',
    meaning: 'Requests a minute that an API key may make to the management API; 0 = no limit.',
  },
  CALLBOX_PROCESSES: {
    rule: wholeNumber(1, MOST_PROCESSES),
    fallback: '1',
    example: '4',
    meaning: 'How many processes share the port on this machine; one per core. See operations.md.',
  },
  CALLBOX_SOURCE_RATE_PER_SECOND: {
    rule: wholeNumber(0, MOST_CALLBACKS_PER_SECOND),
    fallback: '0',
    example: '100',
    meaning:
      'Callbacks a second that a source takes unless its `config.rate_limit` says otherwise; 0 = no limit.',
  },
  CALLBOX_TENANT_RATE_PER_SECOND: {
    rule: wholeNumber(0, MOST_CALLBACKS_PER_SECOND),
    fallback: '0',
    example: '1000',
    meaning:
      'Callbacks a second that all sources of a tenant take together unless the tenant has a limit of its own; 0 = no limit.',
  },
  CALLBOX_BODY_MEMORY_BYTES: {
    rule: wholeNumber(1_048_576, PEBIBYTE),
    fallback: '67108864',
    example: '134217728',
    meaning:
      'Bodies of callbacks that a process holds at a time, each from its first byte until it is stored; beyond it callbacks are answered 503.',
  },
  CALLBOX_MAX_CONNECTIONS: {
    rule: wholeNumber(16, 1_000_000),
    fallback: '10000',
    example: '2000',
    meaning: 'Connections that a process holds at a time; further ones are closed at once.',
  },
  CALLBOX_KEEP_ALIVE_SECONDS: {
    rule: wholeNumber(1, 3_600),
    fallback: '75',
    example: '620',
    meaning: 'How long an idle connection is kept; more than the load balancer in front keeps its own for.',
  },
  CALLBOX_DISK_RESERVE_BYTES: {
    rule: wholeNumber(0, PEBIBYTE),
    fallback: '1073741824',
    example: '5368709120',
    meaning:
      'Free space on the disk of the embedded database below which callbacks are answered 503; 0 = none is kept.',
  },
  CALLBOX_STREAMS: {
    rule: wholeNumber(1, MOST_STREAMS),
    fallback: '1000',
    example: '2000',
    meaning: 'Streams of `GET /v1/events/stream` that a process holds open at a time; 503 beyond.',
  },
  CALLBOX_STREAMS_PER_TENANT: {
    rule: wholeNumber(1, MOST_STREAMS),
    fallback: '1000',
    example: '10',
    meaning: 'Of these, how many may be of one tenant; 429 beyond.',
  },
  LOG_LEVEL: {
    rule: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be a pino level'),
    fallback: 'info',
    example: 'debug',
    meaning: 'Least level that is logged: fatal, error, warn, info, debug, trace or silent.',
  },
} as const;

type SettingName = keyof typeof settingsSchema;

/** Set to nothing, a list of what is allowed allows nothing; anything else has its default then. */
const MAY_BE_EMPTY: ReadonlySet<SettingName> = new Set(['CALLBOX_ALLOW_DESTINATIONS']);
type Parsed = { [Name in SettingName]: z.output<(typeof settingsSchema)[Name]['rule']> | undefined };

/** The settings of this process, checked. */
export interface Settings extends KeySettings {
  readonly port: number;
  readonly host: string;
  readonly publicUrl: string;
  /** `undefined`: the embedded PostgreSQL is to be started. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly operatorKey: string | undefined;
  readonly bootstrapKey: string | undefined;
  readonly roles: readonly Role[];
  readonly allowedDestinations: readonly string[];
  readonly maxBodyBytes: number;
  /** CIDRs; empty: no proxy is believed. */
  readonly trustedProxies: readonly string[];
  /** Per API key; 0: no limit. */
  readonly apiRatePerMinute: number;
  /** How many processes of this machine share the port; limits that are counted per process are divided by it. */
  readonly processes: number;
  /** 0: no limit. */
  readonly sourceRatePerSecond: number;
  /** 0: no limit. */
  readonly tenantRatePerSecond: number;
  readonly diskReserveBytes: number;
  /** Where the embedded database keeps its data; `undefined`: the database is one's own, its disk cannot be seen. */
  readonly databaseDir: string | undefined;
  readonly limits: Limits;
  /** Open at a time in this process. */
  readonly streams: number;
  readonly streamsPerTenant: number;
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
    if (text === undefined || (text === '' && !MAY_BE_EMPTY.has(name))) continue;
    const result = rule.safeParse(text);
    if (result.success) parsed[name] = result.data;
    else
      mistakes.push(
        `${name} ${result.error.issues[0]?.message ?? 'is wrong'}, for example ${name}=${example}`,
      );
  }
  mistakes.push(...missingKeySettings(environment));
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
    ...keySettingsOf(parsed),
    operatorKey: parsed.CALLBOX_OPERATOR_KEY,
    bootstrapKey: parsed.CALLBOX_BOOTSTRAP_KEY,
    roles: parsed.CALLBOX_ROLES ?? ['inbox', 'api', 'worker'],
    allowedDestinations: parsed.CALLBOX_ALLOW_DESTINATIONS ?? (embedded ? ['127.0.0.0/8', '::1/128'] : []),
    maxBodyBytes: parsed.CALLBOX_MAX_BODY_BYTES ?? 10_485_760,
    trustedProxies: parsed.CALLBOX_TRUSTED_PROXIES ?? [],
    apiRatePerMinute: parsed.CALLBOX_API_RATE_PER_MINUTE ?? 600,
    processes: parsed.CALLBOX_PROCESSES ?? 1,
    sourceRatePerSecond: parsed.CALLBOX_SOURCE_RATE_PER_SECOND ?? 0,
    tenantRatePerSecond: parsed.CALLBOX_TENANT_RATE_PER_SECOND ?? 0,
    diskReserveBytes: parsed.CALLBOX_DISK_RESERVE_BYTES ?? GIBIBYTE,
    databaseDir: embedded ? (parsed.CALLBOX_DATA_DIR ?? './data') : undefined,
    limits: limitsOf(parsed),
    streams: parsed.CALLBOX_STREAMS ?? 1_000,
    streamsPerTenant: parsed.CALLBOX_STREAMS_PER_TENANT ?? 1_000,
    logLevel: parsed.LOG_LEVEL ?? 'info',
  };
}

function limitsOf(parsed: Parsed): Limits {
  const keepAliveSeconds = parsed.CALLBOX_KEEP_ALIVE_SECONDS;
  return {
    ...defaultLimits,
    bodyMemoryBytes: parsed.CALLBOX_BODY_MEMORY_BYTES ?? defaultLimits.bodyMemoryBytes,
    mostConnections: parsed.CALLBOX_MAX_CONNECTIONS ?? defaultLimits.mostConnections,
    keepAliveTimeoutMs:
      keepAliveSeconds === undefined ? defaultLimits.keepAliveTimeoutMs : keepAliveSeconds * 1_000,
  };
}
