import pg from 'pg'
import { UNHURRIED } from './patience.ts'

/** Milliseconds (OPS-22). */
const IDLE = 3 * 60_000

/** `schema=…` in the address is ours, the rest is for the driver. @param warn told of connections that the server has closed */
export function poolOptions(url: string, options: pg.PoolConfig, warn: (what: string) => void) {
  const target = new URL(url)
  const schema = target.searchParams.get('schema') ?? undefined
  target.searchParams.delete('schema')
  // What `pg` takes these for anyway, and says so on standard error each time.
  if (['prefer', 'require', 'verify-ca'].includes(target.searchParams.get('sslmode') ?? '') && !target.searchParams.has('uselibpqcompat'))
    target.searchParams.set('sslmode', 'verify-full')
  return {
    schema,
    connectionString: target.href,
    connectionTimeoutMillis: UNHURRIED.connecting,
    idleTimeoutMillis: IDLE,
    keepAlive: true,
    application_name: 'taskward',
    // An idle connection that is cut is told here, one in use there; each would end the process if nobody listened.
    onPoolCreated: (pool: pg.Pool): void => {
      pool.on('error', ({ message }) => warn(`a connection to the database was lost: ${message}`))
      pool.on('connect', (client) => client.on('error', () => {}))
    },
    ...(schema !== undefined && { options: `-c search_path=${schema}` }),
    ...options,
  }
}

/** Connects with the first statement. */
export function openPool(url: string, options: pg.PoolConfig, warn: (what: string) => void): pg.Pool {
  const { schema, onPoolCreated, ...config } = poolOptions(url, options, warn)
  const pool = new pg.Pool(config)
  onPoolCreated(pool)
  return pool
}
