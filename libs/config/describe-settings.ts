import { settingsSchema } from './settings.js';

const introduction = `# Configuration

Callbox is configured by environment variables alone, and needs none to start. A wrong one stops the start with a line
that says what is wrong with it. This page is generated from the code by \`npm run docs\`.
`;

const secrets = `## Keys to keep

- \`CALLBOX_MASTER_KEY\` wraps the data key of every tenant, which encrypts that tenant's secrets. Without it a database
  or a backup of it cannot be decrypted by anybody, its owner included. On the embedded default it lies in
  \`<CALLBOX_DATA_DIR>/master-key\`.
- To change it, put the new key first: \`CALLBOX_MASTER_KEY=new:<base64>,old:<base64>\`. The first one encrypts, every one
  decrypts. The names before the colons are for you; ciphertexts find their key by itself. The whole recipe, and how to
  keep the key in Vault, OpenBao or AWS KMS instead: [key-management.md](key-management.md).
`;

/** The texts of `docs/configuration.md` and `.env.example`, from the one schema. */
export function describeSettings(): { page: string; envExample: string } {
  const entries = Object.entries(settingsSchema);
  const rows = entries.map(
    ([name, { fallback, meaning, example }]) =>
      `| \`${name}\` | ${fallback} | ${meaning} | \`${example.replaceAll('|', '\\|')}\` |`,
  );
  const table = ['| setting | default | meaning | example |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
  const lines = entries.map(
    ([name, { fallback, meaning }]) => `# ${meaning}\n# Default: ${fallback}\n#${name}=\n`,
  );
  return {
    page: [introduction, `${table}\n`, secrets].join('\n'),
    envExample: lines.join('\n'),
  };
}
