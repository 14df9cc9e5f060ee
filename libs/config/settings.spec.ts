import { defaultLimits, describeSettings, loadSettings, settingsSchema } from './index.js';

const KEY = Buffer.alloc(32, 1).toString('base64');
const OTHER_KEY = Buffer.alloc(32, 2).toString('base64');
const DATABASE = { DATABASE_URL: 'postgres://callbox:pw@db.example.com/callbox', CALLBOX_MASTER_KEY: KEY };

const VAULT = { CALLBOX_VAULT_ADDR: 'https://vault.example.com:8200/', CALLBOX_VAULT_TOKEN: 'hvs.token' };
const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
const KEY_SERVICES = { ...VAULT, ...AWS, CALLBOX_KMS_KEY_ID: 'alias/callbox' };

function settingsOf(environment: Record<string, string>) {
  const loaded = loadSettings(environment);
  if (!loaded.ok) throw new Error(loaded.mistakes.join('\n'));
  return loaded.settings;
}

function mistakesOf(environment: Record<string, string>): readonly string[] {
  const loaded = loadSettings(environment);
  return loaded.ok ? [] : loaded.mistakes;
}

describe('the defaults', () => {
  test('are those of an embedded database when nothing is set', () => {
    expect(settingsOf({})).toEqual({
      port: 8080,
      host: '127.0.0.1',
      publicUrl: 'http://localhost:8080',
      databaseUrl: undefined,
      dataDir: './data',
      masterKeys: undefined,
      keyProvider: 'local',
      vault: undefined,
      awsKms: undefined,
      operatorKey: undefined,
      bootstrapKey: undefined,
      roles: ['inbox', 'api', 'worker'],
      allowedDestinations: ['127.0.0.0/8', '::1/128'],
      maxBodyBytes: 10_485_760,
      trustedProxies: [],
      apiRatePerMinute: 600,
      processes: 1,
      sourceRatePerSecond: 0,
      tenantRatePerSecond: 0,
      diskReserveBytes: 1_073_741_824,
      databaseDir: './data',
      limits: defaultLimits,
      streams: 1_000,
      streamsPerTenant: 1_000,
      logLevel: 'info',
    });
  });

  test('are stricter and open to the network beside a database of one’s own', () => {
    expect(settingsOf(DATABASE)).toMatchObject({ host: '0.0.0.0', allowedDestinations: [] });
  });

  test('follow the port', () => {
    expect(settingsOf({ PORT: '9000' })).toMatchObject({ port: 9000, publicUrl: 'http://localhost:9000' });
  });

  test('stand for what is set to nothing, but for what deliveries may reach: that is nothing then', () => {
    const nothing = Object.fromEntries(Object.keys(settingsSchema).map((name) => [name, '']));
    expect(settingsOf(nothing)).toEqual({ ...settingsOf({}), allowedDestinations: [] });
  });
});

describe('a value', () => {
  test('of PUBLIC_URL loses its trailing slashes and keeps its path', () => {
    expect(settingsOf({ PUBLIC_URL: 'https://example.com/callbox//' }).publicUrl).toBe(
      'https://example.com/callbox',
    );
  });

  test('of CALLBOX_ROLES is a list, each role once', () => {
    expect(settingsOf({ CALLBOX_ROLES: 'inbox, worker,inbox' }).roles).toEqual(['inbox', 'worker']);
  });

  test('of CALLBOX_MASTER_KEY is one key or several with names, in order', () => {
    expect(settingsOf({ CALLBOX_MASTER_KEY: KEY }).masterKeys).toEqual([Buffer.alloc(32, 1)]);
    expect(settingsOf({ CALLBOX_MASTER_KEY: `new:${OTHER_KEY}, old:${KEY}` }).masterKeys).toEqual([
      Buffer.alloc(32, 2),
      Buffer.alloc(32, 1),
    ]);
  });

  test('of CALLBOX_ALLOW_DESTINATIONS is a list of networks', () => {
    expect(settingsOf({ CALLBOX_ALLOW_DESTINATIONS: '10.0.0.0/8, fd00::/8' }).allowedDestinations).toEqual([
      '10.0.0.0/8',
      'fd00::/8',
    ]);
  });
});

const SECRET = 'value-that-nobody-may-see';
const wrong: readonly (readonly [name: string, value: string])[] = [
  ['PORT', 'eighty'],
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['PORT', '80.5'],
  ['HOST', 'a host'],
  ['PUBLIC_URL', 'callbox.example.com'],
  ['PUBLIC_URL', 'ftp://example.com'],
  ['PUBLIC_URL', 'https://example.com/?a=1'],
  ['DATABASE_URL', 'mysql://localhost/callbox'],
  ['CALLBOX_MASTER_KEY', SECRET],
  ['CALLBOX_MASTER_KEY', KEY.slice(4)],
  ['CALLBOX_MASTER_KEY', `${KEY},${OTHER_KEY}`],
  ['CALLBOX_MASTER_KEY', `a:${KEY},b:${SECRET}`],
  ['CALLBOX_MASTER_KEY', `a:${KEY},a:${OTHER_KEY}`],
  ['CALLBOX_MASTER_KEY', `a:${KEY},b:${KEY}`],
  ['CALLBOX_MASTER_KEY', Buffer.alloc(16).toString('base64')],
  ['CALLBOX_KEY_PROVIDER', 'gcp-kms'],
  ['CALLBOX_VAULT_ADDR', 'http://vault.example.com:8200'],
  ['CALLBOX_VAULT_ADDR', 'vault.example.com'],
  ['CALLBOX_VAULT_TOKEN', 'two words'],
  ['CALLBOX_VAULT_NAMESPACE', 'a b'],
  ['CALLBOX_VAULT_KEY', 'callbox'],
  ['CALLBOX_VAULT_KEY', 'transit/../sys'],
  ['CALLBOX_KMS_KEY_ID', 'alias/call box'],
  ['CALLBOX_KMS_ENDPOINT', 'http://kms.example.com'],
  ['AWS_REGION', 'Frankfurt am Main'],
  ['AWS_ACCESS_KEY_ID', 'two words'],
  ['AWS_SECRET_ACCESS_KEY', 'two words'],
  ['AWS_SESSION_TOKEN', 'two words'],
  ['CALLBOX_OPERATOR_KEY', 'x'.repeat(31)],
  ['CALLBOX_BOOTSTRAP_KEY', 'short'],
  ['CALLBOX_BOOTSTRAP_KEY', 'with a space in the middle'],
  ['CALLBOX_ROLES', 'inbox,api,cook'],
  ['CALLBOX_ROLES', ','],
  ['CALLBOX_ALLOW_DESTINATIONS', '10.0.0.0/33'],
  ['CALLBOX_ALLOW_DESTINATIONS', 'localhost'],
  ['CALLBOX_ALLOW_DESTINATIONS', '10/8'],
  ['CALLBOX_ALLOW_DESTINATIONS', '169.254.169.254/32'],
  ['CALLBOX_MAX_BODY_BYTES', '0'],
  ['CALLBOX_MAX_BODY_BYTES', '26214401'],
  ['CALLBOX_TRUSTED_PROXIES', '10.0.0.0/33'],
  ['CALLBOX_TRUSTED_PROXIES', 'proxy.example.com'],
  ['CALLBOX_API_RATE_PER_MINUTE', '1000001'],
  ['CALLBOX_API_RATE_PER_MINUTE', 'unlimited'],
  ['LOG_LEVEL', 'loud'],
];

describe('a wrong setting', () => {
  test.each(wrong)('%s=%s is reported by its name and with an example, not by its value', (name, value) => {
    const mistakes = mistakesOf({ ...DATABASE, ...KEY_SERVICES, [name]: value });
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(new RegExp(`^${name} m(?:ust|ay) .+, for example ${name}=`));
    if (value.length > 2) expect(mistakes[0]?.split(', for example')[0]).not.toContain(value);
    expect(mistakes[0]).not.toContain('\n');
  });

  test('is reported along with every other one', () => {
    const everyOne = Object.fromEntries(wrong);
    const names = mistakesOf(everyOne).map((mistake) => mistake.split(' ')[0]);
    expect(names.sort()).toEqual([...new Set(wrong.map(([name]) => name))].sort());
  });
});

test('a database of one’s own needs a master key', () => {
  expect(mistakesOf({ DATABASE_URL: DATABASE.DATABASE_URL })).toEqual([
    expect.stringMatching(/^CALLBOX_MASTER_KEY must be set when DATABASE_URL is/),
  ]);
});

describe('a key service', () => {
  const { DATABASE_URL } = DATABASE;

  test('stands for the master key; with its defaults, or with what is said', () => {
    expect(settingsOf({ DATABASE_URL, CALLBOX_KEY_PROVIDER: 'vault', ...VAULT })).toMatchObject({
      keyProvider: 'vault',
      masterKeys: undefined,
      vault: {
        address: 'https://vault.example.com:8200',
        token: 'hvs.token',
        namespace: undefined,
        keys: ['transit/callbox'],
      },
      awsKms: undefined,
    });
    const kms = { CALLBOX_KEY_PROVIDER: 'aws-kms', CALLBOX_KMS_KEY_ID: 'alias/new, alias/old', ...AWS };
    expect(settingsOf({ DATABASE_URL, ...kms })).toMatchObject({
      keyProvider: 'aws-kms',
      vault: undefined,
      awsKms: {
        keyIds: ['alias/new', 'alias/old'],
        endpoint: 'https://kms.eu-central-1.amazonaws.com',
        region: 'eu-central-1',
        accessKeyId: 'AKIDEXAMPLE',
        secretAccessKey: 'secret',
        sessionToken: undefined,
      },
    });
  });

  test('may be known beside local keys, and on this machine without TLS', () => {
    const settings = settingsOf({
      ...DATABASE,
      CALLBOX_VAULT_ADDR: 'http://127.0.0.1:8200',
      CALLBOX_VAULT_TOKEN: 't',
      CALLBOX_VAULT_KEY: 'teams/a/transit/one,transit/two',
    });
    expect(settings.keyProvider).toBe('local');
    expect(settings.vault?.keys).toEqual(['teams/a/transit/one', 'transit/two']);
  });

  test.each([
    [{ CALLBOX_KEY_PROVIDER: 'vault' }, ['CALLBOX_VAULT_ADDR', 'CALLBOX_VAULT_TOKEN']],
    [{ CALLBOX_VAULT_ADDR: VAULT.CALLBOX_VAULT_ADDR }, ['CALLBOX_VAULT_TOKEN']],
    [
      { CALLBOX_KEY_PROVIDER: 'aws-kms' },
      ['CALLBOX_KMS_KEY_ID', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    ],
    [
      { CALLBOX_KMS_KEY_ID: 'alias/a', AWS_REGION: 'eu-west-1' },
      ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    ],
  ])('%j needs the rest of its settings', (environment: Record<string, string>, names) => {
    const mistakes = mistakesOf(environment);
    expect(mistakes).toHaveLength(names.length);
    for (const [index, name] of names.entries())
      expect(mistakes[index]).toMatch(new RegExp(`^${name} must be set when .+, for example ${name}=`));
  });

  test('is none of it when only the credentials of AWS lie about', () => {
    expect(settingsOf(AWS).awsKms).toBeUndefined();
  });
});

test('a port that is not known beforehand needs a public URL', () => {
  expect(mistakesOf({ PORT: '0' })).toEqual([
    expect.stringMatching(/^PUBLIC_URL must be set when PORT is 0/),
  ]);
  expect(settingsOf({ PORT: '0', PUBLIC_URL: 'https://example.com' }).port).toBe(0);
});

test('every setting is described: its default, meaning and an example that holds', () => {
  const { page, envExample } = describeSettings();
  for (const [name, { fallback, meaning }] of Object.entries(settingsSchema)) {
    expect(page).toContain(`| \`${name}\` | ${fallback} | ${meaning} |`);
    expect(envExample).toContain(`# ${meaning}\n# Default: ${fallback}\n#${name}=\n`);
  }
});
