import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

/** Decompresses a body if that makes no more than `mostBytes`; `null` where it does, or where it is not compressed so. */
export function decompressed(
  body: Buffer,
  encoding: 'gzip' | 'deflate' | 'br',
  mostBytes: number,
): Buffer | null {
  const how = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync }[encoding];
  try {
    return how(body, { maxOutputLength: mostBytes });
  } catch {
    return null;
  }
}
