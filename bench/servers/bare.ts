/**
 * The limit: what a server of Node's and PostgreSQL can do at the very best. One prepared statement a request that gives the bytes which Taskward
 * sends, printed by the database from the columns of a plain table; no router, no token, no policy, no check of anything: it believes the header
 * `Owner`. With `PRINTED` it reads Taskward's own table, in which each task is printed already.
 */
import http from 'node:http'
import pg from 'pg'
import { PRINTED } from '../../src/adapters/postgres/migrations/0007-printed.ts'

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: Number(process.env['POOL']), idleTimeoutMillis: 0 })

/** The plain table holds the word of a priority where Taskward's had its rank. */
const PLAIN = { task: PRINTED.replace(/\(array\[[^\]]*\]\)\[priority \+ 1\]/, 'priority'), table: 'plain_tasks', live: '' }
const OURS = { task: 'printed', table: 'tasks', live: ' and t.deleted_at is null and t.seq > 0' }
const read = process.env['PRINTED'] === undefined ? PLAIN : OURS

const pageOf = (
  { task, table, live }: typeof PLAIN,
  words = '',
): string => `select '{"items":[' || coalesce(string_agg(${task}, ',') filter (where t.place <= 20), '') || '],"nextCursor":' ||
case when count(*) > 20 then '"' || rpad(max(t.id::text) filter (where t.place = 20), 110, '-') || '"' else 'null' end || '}'
from (select row_number() over () as place, t.* from (select * from ${table} t where t.owner_id = $1${live}${words}
order by t.created_at desc, t.id desc limit 21) t) t`

const WORD = (parameter: string): string => ` and position(${parameter} in t.search_text) > 0`

const STATEMENTS = {
  nothing: `select '1'`,
  page: pageOf(read),
  search: pageOf(OURS, WORD('$2') + WORD('$3')),
  get: `select ${read.task} from ${read.table} t where t.owner_id = $1 and t.id = $2`,
  create: `insert into plain_tasks as t (owner_id, title, description, priority, due, tags) values ($1, $2, $3, $4, $5, $6) returning ${PLAIN.task}`,
  read: `select version from plain_tasks where owner_id = $1 and id = $2`,
  patch: `update plain_tasks t set title = $3, updated_at = now(), version = version + 1 where owner_id = $1 and id = $2 returning ${PLAIN.task}`,
  complete: `update plain_tasks t set status = 'done', completed_at = now(), updated_at = now(), version = version + 1 where owner_id = $1 and id = $2 returning ${PLAIN.task}`,
}

async function run(name: keyof typeof STATEMENTS, ...values: readonly unknown[]): Promise<string> {
  const { rows } = await pool.query<string[]>({ name, text: STATEMENTS[name], values: [...values], rowMode: 'array' })
  return rows[0]?.[0] ?? ''
}

const TASKS = '/api/tasks/'

function bodyOf(request: http.IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())))
  })
}

async function answer(request: http.IncomingMessage): Promise<string> {
  const { method = '', url = '', headers } = request
  const owner = headers['owner']
  const id = url.slice(TASKS.length, TASKS.length + 36)
  if (url === '/nothing') return run('nothing')
  if (method === 'POST') {
    const { title, description, priority, due, tags } = await bodyOf(request)
    return run('create', owner, title, description, priority, due, tags)
  }
  if (method === 'PATCH') {
    const { title } = await bodyOf(request)
    await run('read', owner, id)
    return run('patch', owner, id, title)
  }
  if (method === 'PUT') return run('complete', owner, id)
  if (url.startsWith(TASKS)) return run('get', owner, id)
  const words = url.split('q=')[1]?.split('+')
  return words === undefined ? run('page', owner) : run('search', owner, ...words)
}

/** Requests at once, where there is a limit: what is beyond it is refused, as Taskward refuses it. */
const limit = Number(process.env['MAX_IN_FLIGHT'] ?? Number.POSITIVE_INFINITY)
let inFlight = 0

const server = http.createServer(async (request, response) => {
  if (inFlight >= limit) return void response.writeHead(503, { 'Retry-After': '1', 'Content-Length': 0 }).end()
  inFlight++
  const body = await answer(request).finally(() => inFlight--)
  response.writeHead(request.method === 'POST' ? 201 : 200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body)
})
server.listen(Number(process.env['PORT']), '127.0.0.1')
