/** How long every store keeps what it keeps: here once, for all of them. */

/** Milliseconds of a day, which is also how long what is kept under a key lasts (IDEM-01). */
export const DAY = 24 * 60 * 60 * 1000

/** Entries of a task that are kept while the task is (STORE-06). */
export const ENTRIES_KEPT = 1000

/** Days that a tombstone stays after the purge (STORE-07). */
export const TOMBSTONE_DAYS = 30
