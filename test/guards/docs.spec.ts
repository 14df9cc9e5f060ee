import { describeSettings, settingsSchema } from '#config';
import { DiagnosisCodeName, RejectionReason } from '#contract';
import { errorRegistry } from '#errors';
import { readText } from './routes.fixture.js';

describe('docs/errors.md', () => {
  const rows = [...readText('docs/errors.md').matchAll(/^\| `(\w+)` \| (\d{3}) \| (.+) \| (.+) \|$/gm)];
  const documented = rows.map(([, code, status]) => [code, Number(status)]);

  test('lists every code of the registry with its status, and no other', () => {
    const registered = Object.entries(errorRegistry).map(([code, { status }]) => [code, status]);
    expect(documented.sort()).toEqual(registered.sort());
  });

  test('says of each when it comes and what to do', () => {
    for (const [, code, , when, remedy] of rows)
      expect([code, (when ?? '').length > 10, (remedy ?? '').length > 5]).toEqual([code, true, true]);
  });
});

describe('docs/rejections.md', () => {
  const page = readText('docs/rejections.md');
  const codesIn = (heading: string) =>
    [...(page.split(heading)[1]?.split('\n## ')[0] ?? '').matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(
      ([, names]) => [...(names ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );

  test('explains every reason and every diagnosis, and no other', () => {
    expect(codesIn('\n## Reasons').sort()).toEqual([...RejectionReason.options].sort());
    expect(codesIn('\n## Diagnoses').sort()).toEqual([...DiagnosisCodeName.options].sort());
  });
});

describe('what is generated from the settings (npm run docs writes it)', () => {
  test('docs/configuration.md is fresh', () => {
    expect(readText('docs/configuration.md')).toBe(describeSettings().page);
  });

  test('.env.example is fresh, and sets nothing', () => {
    const text = readText('.env.example');
    expect(text).toBe(describeSettings().envExample);
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });

  test('both name every setting', () => {
    for (const name of Object.keys(settingsSchema)) {
      expect(readText('docs/configuration.md')).toContain(`| \`${name}\` |`);
      expect(readText('.env.example')).toContain(`#${name}=`);
    }
  });
});
