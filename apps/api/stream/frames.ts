import type { Place } from '#events';
import type { FeedItem } from './feed.js';
import { type Page, placeAfter } from './merge-pages.js';
import { writePlace } from './place-text.js';

/** What is written at once; a page of longer things is written in parts. */
const MOST_FRAME_BYTES = 256 * 1024;
/** Lines to Unicode, and so to the line readers of several languages, though neither to JSON nor to the standard. */
const LINE_ENDS = /[\u0085\u2028\u2029]/g;

/** For whom items are written: all streams that see the same share one text. */
export interface Audience {
  /** The same for streams that see the same. */
  readonly key: string;
  /** `null`: every source. */
  readonly source: SourceFilter | null;
  readonly seesBodies: boolean;
}

type SourceFilter = { readonly id: string } | { readonly slug: string };

/** Part of a page as it goes over the wire, and where a stream has got to when it has it. */
export interface Frames {
  readonly bytes: Buffer;
  readonly itemCount: number;
  readonly next: Place;
  /** The place after the last thing in it. */
  readonly given: Place | null;
  readonly isCut: boolean;
}

/** Writes a page for each audience once, however many streams there are. */
export class PageWriter {
  readonly #written = new Map<string, Frames>();

  constructor(private readonly page: Page) {}

  framesFor(audience: Audience): Frames {
    const known = this.#written.get(audience.key) ?? write(this.page, audience);
    this.#written.set(audience.key, known);
    return known;
  }
}

/** Those who see the things of one source or of all, with or without bodies. */
export function audienceOf(source: SourceFilter | null, seesBodies: boolean): Audience {
  return { key: JSON.stringify([source, seesBodies]), source, seesBodies };
}

/** What a stream begins with: how soon to come again, and the place from which nothing is missed from now on. */
export function opening(place: Place, retryMs: number): Buffer {
  return Buffer.from(`retry: ${retryMs}\nid: ${writePlace(place)}\n\n`);
}

/** Keeps proxies from taking a silent stream for a dead one, and the client's place from growing old. */
export function heartbeat(place: Place): Buffer {
  return Buffer.from(`: heartbeat\nid: ${writePlace(place)}\n\n`);
}

function write({ items, next, isCut }: Page, audience: Audience): Frames {
  const texts: string[] = [];
  let length = 0;
  let given: Place | null = null;
  for (const { kind, item } of items) {
    if (!concerns(audience, item)) continue;
    const place = placeAfter(item);
    // The id comes last: some clients remember it as soon as they read it, and would miss what is cut off after it.
    const data = onOneLine(item.json(audience.seesBodies));
    const text = `event: ${kind}\ndata: ${data}\nid: ${writePlace(place)}\n\n`;
    texts.push(text);
    given = place;
    length += Buffer.byteLength(text);
    if (length > MOST_FRAME_BYTES) return framesOf(texts, { next: place, given, isCut: true });
  }
  return framesOf(texts, { next, given, isCut });
}

function framesOf(texts: readonly string[], place: Pick<Frames, 'next' | 'given' | 'isCut'>): Frames {
  return { bytes: Buffer.from(texts.join('')), itemCount: texts.length, ...place };
}

/** The same JSON. Whoever sends a callback chooses what is in it, and must not choose where clients see a message end. */
function onOneLine(json: string): string {
  return json.replace(LINE_ENDS, (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function concerns({ source }: Audience, item: FeedItem): boolean {
  if (source === null) return true;
  return 'id' in source ? source.id === item.sourceId : source.slug === item.source;
}
