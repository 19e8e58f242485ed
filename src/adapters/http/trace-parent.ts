/** The trace that a request says it is part of (W3C Trace Context, section 3.2), all other forms of which are passed over. */
export const traceIn = (parent: string | string[] | undefined): string | undefined =>
  typeof parent === 'string' ? /^[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}/.exec(parent)?.[1] : undefined
