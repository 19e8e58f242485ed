import { type PolicyDef, p } from '@mikro-orm/core'

/** Whose row it is: first in every key, so that an owner's rows can one day live together. */
export const owner = () => p.string().columnType('text').collation('C').fieldName('owner_id').primary()
export const text = (name: string) => p.string().columnType('text').fieldName(name)
export const sorted = (name: string) => text(name).collation('C')
export const number = (name: string) => p.bigint('number').columnType('bigint').fieldName(name)
export const moment = (name: string) => p.datetime(3).fieldName(name)
export const uuid = (name: string) => p.uuid().fieldName(name)
export const integer = (name: string) => p.integer().fieldName(name)

/** An owner's rows are seen and written by that owner alone, and the table's own owner is held to it too (OWN-05). */
const OWN = `owner_id = current_setting('app.owner_id', true)`
export const OWN_ROWS: PolicyDef = { name: 'own_rows', using: OWN, check: OWN }
export const GUARDED: { rowLevelSecurity: 'force'; policies: PolicyDef[] } = { rowLevelSecurity: 'force', policies: [OWN_ROWS] }
