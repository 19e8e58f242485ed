import { type Codec, map, members, wholeNumber } from './kit.ts'

/** The highest that a version is kept as. */
const LAST_VERSION = 2_147_483_647

/** What a reversion takes: the version to go back to. */
export const REVERSION: Codec<number> = map(members({ version: wholeNumber('version', 1, LAST_VERSION) }), ({ version }) => version)
