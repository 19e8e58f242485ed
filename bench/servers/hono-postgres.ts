/** Hono with postgres.js, as their guides say: hono/jwt, zod for what comes in. */
import { serve } from '@hono/node-server'
import { zValidator } from '@hono/zod-validator'
import { Hono } from 'hono'
import { jwt } from 'hono/jwt'
import postgres from 'postgres'
import { z } from 'zod'

const sql = postgres(process.env['DATABASE_URL'] ?? '', { max: Number(process.env['POOL']), transform: postgres.camel })

interface Task {
  readonly id: string
  readonly createdAt: Date
  readonly version: number
}

const Query = z.object({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.string().optional(), q: z.string().max(200).optional() })
const members = {
  description: z.string().max(10_000).optional(),
  status: z.enum(['todo', 'in_progress', 'done', 'cancelled']).optional(),
  priority: z.enum(['none', 'low', 'medium', 'high', 'urgent']).optional(),
  due: z.iso.date().nullable().optional(),
  tags: z.array(z.string().min(1).max(50)).max(20).optional(),
}
const title = z.string().min(1).max(200)
const Draft = z.strictObject({ title, ...members })
const Edit = z.strictObject({ title: title.optional(), ...members })
const Id = z.object({ id: z.uuid() })

const shown = sql`id, title, description, status, priority, due, tags, completed_at, created_at, updated_at, version`
const etag = (version: number): string => `"${version}"`
const cursorOf = (task: Task): string => Buffer.from(`${task.createdAt.toISOString()} ${task.id}`).toString('base64url')

function after(cursor: string | undefined) {
  if (cursor === undefined) return sql``
  const [at = '', id = ''] = Buffer.from(cursor, 'base64url').toString().split(' ')
  return sql`and (created_at, id) < (${at}, ${id})`
}
const has = (word: string) => sql`and (title ilike ${`%${word}%`} or description ilike ${`%${word}%`})`

const app = new Hono<{ Variables: { jwtPayload: { sub: string } } }>()
app.use('/api/*', jwt({ secret: process.env['SECRET'] ?? '', alg: 'HS256' }))

app.get('/api/tasks', zValidator('query', Query), async (c) => {
  const { limit, cursor, q } = c.req.valid('query')
  const words = q === undefined ? sql`` : q.split(' ').map(has)
  const { sub } = c.get('jwtPayload')
  const found = await sql<
    Task[]
  >`select ${shown} from plain_tasks where owner_id = ${sub} ${after(cursor)} ${words} order by created_at desc, id desc limit ${limit + 1}`
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return c.json({ items, nextCursor: found.length > limit && last !== undefined ? cursorOf(last) : null })
})

app.get('/api/tasks/:id', zValidator('param', Id), async (c) => {
  const [task] = await sql<Task[]>`select ${shown} from plain_tasks where id = ${c.req.valid('param').id} and owner_id = ${c.get('jwtPayload').sub}`
  if (task === undefined) return c.notFound()
  c.header('ETag', etag(task.version))
  return c.json(task)
})

app.post('/api/tasks', zValidator('json', Draft), async (c) => {
  const [task] = await sql<Task[]>`insert into plain_tasks ${sql({ ...c.req.valid('json'), owner_id: c.get('jwtPayload').sub })} returning ${shown}`
  return c.json(task, 201)
})

app.patch('/api/tasks/:id', zValidator('param', Id), zValidator('json', Edit), async (c) => {
  const mine = sql`id = ${c.req.valid('param').id} and owner_id = ${c.get('jwtPayload').sub}`
  const [before] = await sql<Task[]>`select ${shown} from plain_tasks where ${mine}`
  if (before === undefined) return c.notFound()
  const expected = c.req.header('If-Match')
  if (expected !== undefined && expected !== etag(before.version)) return c.body(null, 412)
  const changes = { ...c.req.valid('json'), updated_at: new Date(), version: before.version + 1 }
  const [task] = await sql<Task[]>`update plain_tasks set ${sql(changes)} where ${mine} and version = ${before.version} returning ${shown}`
  if (task === undefined) return c.body(null, 412)
  c.header('ETag', etag(task.version))
  return c.json(task)
})

app.put('/api/tasks/:id/completion', zValidator('param', Id), async (c) => {
  const [task] = await sql<Task[]>`update plain_tasks set status = 'done', completed_at = now(), updated_at = now(), version = version + 1
where id = ${c.req.valid('param').id} and owner_id = ${c.get('jwtPayload').sub} returning ${shown}`
  if (task === undefined) return c.notFound()
  c.header('ETag', etag(task.version))
  return c.json(task)
})

serve({ fetch: app.fetch, port: Number(process.env['PORT']), hostname: '127.0.0.1' })
