// The text of docs/providers.md, from the presets. Pure: whoever calls it hands in the presets and their vectors.

const INTRODUCTION = `# Providers

What Callbox knows of every provider. This page is generated from the presets by \`npm run docs\`.

- **id** is the word in \`provider\` when a source is made.
- **tolerance** is how far a signed time may be from ours, in seconds; a source can set its own (\`tolerance_seconds\`). A dash:
  no time is signed, or the provider's retries keep the first one.
- **known again by** is the provider's own id of the event, by which a second delivery is a \`duplicate\`. A dash: there is none
  that is certain; a source can name one (\`dedupe.key\`).
- **signed afresh** says whether a redelivery carries a new signature of the provider's own kind. Where only the provider can
  make one, the delivery is signed as Standard Webhooks.
- **confidence**: \`verified\` was read in the provider's documentation, in its SDK or in a test vector it published;
  \`second_hand\` is known through somebody who integrates it.

\`{ingest_url}\` stands for the ingest URL of your source.
`;

/**
 * The page.
 *
 * @param presets in the order they are shown
 * @param examplesOf the callbacks known of a preset, `{method, url, headers, body, json}` each
 */
export function providersPage(presets, examplesOf) {
  const rows = presets.map((preset) => row(preset, placesOf(preset, examplesOf(preset))));
  const table = [
    '| id | name | scheme | secret | tolerance | known again by | signed afresh | confidence | documentation |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
  const sections = presets.map((preset) => section(preset, presets, placesOf(preset, examplesOf(preset))));
  return `${[INTRODUCTION, `${table}\n`, ...sections].join('\n')}`;
}

function row(preset, places) {
  const { id, name, scheme, secret, confidence, docsUrl } = preset;
  const cells = [
    `[\`${id}\`](#${anchor(preset.name)})`,
    escaped(name),
    `\`${scheme.name}\``,
    escaped(secret.format),
    scheme.defaultToleranceSeconds ?? '–',
    places,
    resignability(scheme),
    `\`${confidence}\``,
    `[link](${docsUrl})`,
  ];
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}

function section(preset, presets, places) {
  const { scheme, aliasOf, uncovered, handshake, reply, configuration, setup } = preset;
  const facts = [
    ['Signature', `\`${scheme.name}\`${inHeaders(scheme)}${age(scheme)}`],
    ['Secret', `${escaped(preset.secret.format)} (${SOURCES[preset.secret.source]})`],
    ['Not covered', uncovered === undefined ? null : escaped(uncovered)],
    ['Known again by', places === '–' ? null : places],
    ['Handshake', handshake === undefined ? null : escaped(handshake.description)],
    ['Answer', reply === undefined ? null : answer(reply)],
    ['Settings', configuration === undefined ? null : settings(configuration)],
    ['Redelivery', REDELIVERY[resignability(scheme)]],
  ];
  const lines = facts.filter(([, text]) => text !== null).map(([what, text]) => `- **${what}**: ${text}`);
  const original = presets.find(({ id }) => id === aliasOf);
  const alias = original === undefined ? [] : [`Signs as ${escaped(original.name)} does.`, ''];
  return [
    `## ${escaped(preset.name)}`,
    '',
    `\`${preset.id}\` · [documentation](${preset.docsUrl}) · checked ${preset.checkedOn} · \`${preset.confidence}\``,
    '',
    ...alias,
    ...lines,
    '',
    ...steps(setup),
    '',
  ].join('\n');
}

const SOURCES = {
  generated: 'Callbox makes it',
  imported: 'the provider makes it, and it is imported',
  either: 'made by Callbox or imported',
  none: 'there is none',
};

const REDELIVERY = {
  yes: 'signed afresh with the current secret',
  'no, token': 'carries the credential that came',
  no: 'signed as Standard Webhooks: only the provider can make its own signature',
  'no, unsigned': 'signed as Standard Webhooks: the provider signs nothing',
};

function resignability({ sign, secretUse }) {
  if (sign !== undefined) return 'yes';
  if (secretUse === 'none') return 'no, unsigned';
  return secretUse === 'compare' ? 'no, token' : 'no';
}

function inHeaders({ signatureHeaders }) {
  if (signatureHeaders.length === 0) return '';
  return ` in ${signatureHeaders.map((name) => `\`${name}\``).join(', ')}`;
}

function age({ secretUse, signsTimestamp, defaultToleranceSeconds }) {
  if (secretUse === 'none') return ': nothing is signed, so the ingest URL itself is the secret';
  if (!signsTimestamp) return '; no time is signed';
  if (defaultToleranceSeconds === null) return '; a time is signed, and its age is not judged';
  return `; a time is signed, tolerance ${defaultToleranceSeconds} s`;
}

function answer({ status, contentType, body }) {
  return `${status}, \`${contentType}\`, ${body === '' ? 'no body' : `\`${body}\``}`;
}

function settings({ settings: schema }) {
  return Object.entries(schema.shape)
    .map(([name, rule]) => {
      const { description } = rule.meta() ?? {};
      return description === undefined ? `\`${name}\`` : `\`${name}\` (${escaped(description)})`;
    })
    .join(', ');
}

function steps(setup) {
  if (setup === undefined) return ['The [README](../README.md#providers) walks through its set-up.'];
  return setup.map((step, index) => `${index + 1}. ${escaped(step)}`);
}

/** As GitHub makes anchors of headings. */
function anchor(text) {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function escaped(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/([*_])/g, '\\$1')
    .replaceAll('{ingest\\_url}', '`{ingest_url}`');
}

/**
 * Where the event id is read from. A locator is a function, so it is asked: what is changed in a genuine callback so that
 * another id comes out?
 */
function placesOf({ eventId }, examples) {
  if (eventId === undefined) return '–';
  for (const callback of examples) {
    const found = eventId(callback);
    if (found === null) continue;
    const places = [...headerChanges(callback), ...fieldChanges(callback)]
      .filter(([, changed]) => eventId(changed) !== found)
      .map(([place]) => place);
    if (places.length > 0) return [...new Set(places)].join(' + ');
  }
  return 'yes';
}

/**
 * The genuine callbacks known of a preset: those of its vectors, else its sample.
 *
 * @param vectors the text of its vectors, a JSON list
 * @param makeSample fills the sample of a preset in
 */
export function examplesOf(preset, vectors, makeSample) {
  const known = JSON.parse(vectors).filter(({ handshake }) => handshake === undefined);
  const callbacks = known.map(({ method, url, headers, body_base64: body }) =>
    callbackOf({ method, url, headers, body: Buffer.from(body, 'base64') }),
  );
  const sample = makeSample(preset, undefined, { unique: 'x', nowMs: 0 });
  if (sample === null) return callbacks;
  const { headers, body } = sample;
  return [...callbacks, callbackOf({ method: 'POST', url: '', headers, body: Buffer.from(body) })];
}

function callbackOf(request) {
  try {
    return { ...request, json: JSON.parse(request.body.toString()) };
  } catch {
    return { ...request, json: undefined };
  }
}

function* headerChanges(callback) {
  for (const [index, [name, value]] of callback.headers.entries()) {
    const headers = callback.headers.with(index, [name, `${value}x`]);
    yield [`header \`${name}\``, { ...callback, headers }];
  }
}

function* fieldChanges(callback) {
  for (const path of leaves(callback.json, [])) {
    const json = structuredClone(callback.json);
    let parent = json;
    for (const name of path.slice(0, -1)) parent = parent[name];
    parent[path.at(-1)] = `${String(parent[path.at(-1)])}x`;
    yield [`JSON \`/${path.join('/')}\``, { ...callback, json }];
  }
}

function leaves(value, path) {
  if (typeof value !== 'object' || value === null) return path.length === 0 ? [] : [path];
  return Object.entries(value).flatMap(([name, child]) => leaves(child, [...path, name]));
}
