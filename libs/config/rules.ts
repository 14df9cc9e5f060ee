import { z } from 'zod';
import { parseAllowList } from '#outbound';

/** Which parts of Callbox a process runs. */
export type Role = 'inbox' | 'api' | 'worker';

const MASTER_KEY_BYTES = 32;
/** Beyond it no callback is taken whatever the settings say. */
export const LARGEST_BODY_BYTES = 26_214_400;

const isBase64Key = (text: string): boolean =>
  /^[A-Za-z0-9+/]{43}=$/.test(text) && Buffer.from(text, 'base64').length === MASTER_KEY_BYTES;

/** One key, or a list `id:key`, as buffers in order. */
export const masterKeys = z.string().transform((text, context) => {
  const entries = text.split(',').map((entry) => entry.trim());
  const keys = entries.map((entry) => entry.slice(entry.indexOf(':') + 1));
  const everyIdThere = entries.length === 1 || entries.every((entry) => /^[\w.-]{1,64}:/.test(entry));
  if (!keys.every(isBase64Key) || !everyIdThere) {
    context.addIssue('must be 32 bytes in base64, or a comma-separated list of id:base64');
    return z.NEVER;
  }
  const ids = entries.map((entry) => entry.split(':', 1)[0]);
  if (new Set(ids).size < ids.length || new Set(keys).size < keys.length) {
    context.addIssue('may not name an id or a key twice');
    return z.NEVER;
  }
  return keys.map((key) => Buffer.from(key, 'base64'));
});

/** A list of roles, each once. */
export const roles = z.string().transform((text, context): readonly Role[] => {
  const names = text.split(',').map((name) => name.trim());
  const known = names.filter((name): name is Role => ['inbox', 'api', 'worker'].includes(name));
  if (known.length !== names.length) context.addIssue('may name inbox, api and worker only');
  return [...new Set(known)];
});

/** A list of networks that the guarded client may be allowed to reach. */
export const cidrs = z.string().transform((text, context): readonly string[] => {
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

/** A whole number within bounds. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);

/** An http(s) URL, without its trailing slashes. */
export const httpUrl = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '') {
    context.addIssue('must be an http(s) URL without query or fragment');
    return z.NEVER;
  }
  return text.replace(/\/+$/, '');
});

const isThisMachine = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);

/** As {@link httpUrl}, for what keys and tokens are sent to: in the clear only within this machine. */
export const secureUrl = httpUrl.refine((text) => {
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || isThisMachine(hostname);
}, 'must be an https URL; http is for this machine only');

/** A URL as PostgreSQL takes it. */
export const databaseUrl = z
  .string()
  .refine((text) => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text), 'must be a postgres:// URL');
