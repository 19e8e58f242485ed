/** A value that was checked, or the flaw that was found: returned, never thrown. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly flaw: string }

export const valid = <T>(value: T): Checked<T> => ({ ok: true, value })
export const flawed = (flaw: string): Checked<never> => ({ ok: false, flaw })
