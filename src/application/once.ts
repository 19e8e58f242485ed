import type { Owner } from '../domain/owner.ts'
import { refuse } from '../domain/refusal.ts'
import type { Once, Ports } from './ports.ts'

/** @throws {Refused} idempotency-key-in-progress while a write with the same key is under way (IDEM-05) */
export async function once<T>(underWay: Ports['underWay'], owner: Owner, asked: Once | undefined, write: () => Promise<T>): Promise<T> {
  if (asked === undefined) return write()
  const name = JSON.stringify([owner.id, asked.scope, asked.key])
  if (underWay.has(name)) return refuse({ kind: 'idempotency-key-in-progress' })
  underWay.add(name)
  try {
    return await write()
  } finally {
    underWay.delete(name)
  }
}
