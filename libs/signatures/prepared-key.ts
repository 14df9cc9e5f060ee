/** What preparing a plain secret gave: key material, or why the text cannot be a key of this scheme. */
export type PreparedKey<Material> =
  { readonly ok: true; readonly material: Material } | { readonly ok: false; readonly problem: string };
