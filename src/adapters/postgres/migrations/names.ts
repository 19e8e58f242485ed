/** All migrations there are, in their order: listed, not looked for. Apart from what they do, which is loaded where one of them is missing. */
export const MIGRATIONS = ['0001-first', '0002-journal', '0003-covering', '0004-unchecked', '0005-purges', '0006-keys-first', '0007-printed'] as const

/** The table of what was applied. */
export const TRACKING_TABLE = 'mikro_orm_migrations'
