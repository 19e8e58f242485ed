/** Fastify with Drizzle, as their guides say: @fastify/jwt, a TypeBox schema for what comes in and for what goes out. */
import jwt from '@fastify/jwt'
import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { and, desc, eq, ilike, lt, or, type SQL, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import Fastify, { type FastifyRequest } from 'fastify'
import pg from 'pg'

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })
const tasks = pgTable('plain_tasks', {
  id: uuid().primaryKey().defaultRandom(),
  ownerId: text('owner_id').notNull(),
  title: text().notNull(),
  description: text().notNull().default(''),
  status: text().notNull().default('todo'),
  priority: text().notNull().default('none'),
  due: text(),
  tags: text().array().notNull().default([]),
  completedAt: moment('completed_at'),
  createdAt: moment('created_at').notNull().defaultNow(),
  updatedAt: moment('updated_at').notNull().defaultNow(),
  version: integer().notNull().default(1),
})
const { ownerId: _, ...shown } = {
  id: tasks.id,
  ownerId: tasks.ownerId,
  title: tasks.title,
  description: tasks.description,
  status: tasks.status,
  priority: tasks.priority,
  due: tasks.due,
  tags: tasks.tags,
  completedAt: tasks.completedAt,
  createdAt: tasks.createdAt,
  updatedAt: tasks.updatedAt,
  version: tasks.version,
}

const Moment = Type.Unsafe<Date>({ type: 'string', format: 'date-time' })
const Nullable = (schema: object) => Type.Unsafe<Date | string | null>({ ...schema, nullable: true })
const Task = Type.Object({
  id: Type.String(),
  title: Type.String(),
  description: Type.String(),
  status: Type.String(),
  priority: Type.String(),
  due: Nullable({ type: 'string' }),
  tags: Type.Array(Type.String()),
  completedAt: Nullable({ type: 'string', format: 'date-time' }),
  createdAt: Moment,
  updatedAt: Moment,
  version: Type.Integer(),
})
const Page = Type.Object({ items: Type.Array(Task), nextCursor: Nullable({ type: 'string' }) })
const Query = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
  cursor: Type.Optional(Type.String()),
  q: Type.Optional(Type.String({ maxLength: 200 })),
})
const Status = Type.Enum(['todo', 'in_progress', 'done', 'cancelled'])
const Priority = Type.Enum(['none', 'low', 'medium', 'high', 'urgent'])
const members = {
  description: Type.Optional(Type.String({ maxLength: 10_000 })),
  status: Type.Optional(Status),
  priority: Type.Optional(Priority),
  due: Type.Optional(Type.Union([Type.String({ format: 'date' }), Type.Null()])),
  tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 50 }), { maxItems: 20 })),
}
const Title = Type.String({ minLength: 1, maxLength: 200 })
const Draft = Type.Object({ title: Title, ...members }, { additionalProperties: false })
const Edit = Type.Object({ title: Type.Optional(Title), ...members }, { additionalProperties: false })
const Problem = Type.Object({ message: Type.String() })
const STALE = { message: 'the task has changed' }
const Id = Type.Object({ id: Type.String({ format: 'uuid' }) })
const Tagged = Type.Object({ 'if-match': Type.Optional(Type.String()) })

const db = drizzle(new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: Number(process.env['POOL']) }))
const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()
await app.register(jwt, { secret: process.env['SECRET'] ?? '' })
app.addHook('onRequest', (request) => request.jwtVerify())

const ownerOf = (request: FastifyRequest): string => {
  const { user } = request
  return typeof user === 'object' && 'sub' in user ? String(user.sub) : ''
}
const etag = (version: number): string => `"${version}"`
const cursorOf = (task: { createdAt: Date; id: string }): string => Buffer.from(`${task.createdAt.toISOString()} ${task.id}`).toString('base64url')

function after(cursor: string): SQL | undefined {
  const [at = '', id = ''] = Buffer.from(cursor, 'base64url').toString().split(' ')
  return or(lt(tasks.createdAt, new Date(at)), and(eq(tasks.createdAt, new Date(at)), lt(tasks.id, id)))
}
const has = (word: string): SQL | undefined => or(ilike(tasks.title, `%${word}%`), ilike(tasks.description, `%${word}%`))

app.get('/api/tasks', { schema: { querystring: Query, response: { 200: Page } } }, async (request) => {
  const { limit, cursor, q } = request.query
  const words = q?.split(' ') ?? []
  const found = await db
    .select(shown)
    .from(tasks)
    .where(and(eq(tasks.ownerId, ownerOf(request)), cursor === undefined ? undefined : after(cursor), ...words.map(has)))
    .orderBy(desc(tasks.createdAt), desc(tasks.id))
    .limit(limit + 1)
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: found.length > limit && last !== undefined ? cursorOf(last) : null }
})

app.get('/api/tasks/:id', { schema: { params: Id, response: { 200: Task } } }, async (request, reply) => {
  const [task] = await db
    .select(shown)
    .from(tasks)
    .where(and(eq(tasks.id, request.params.id), eq(tasks.ownerId, ownerOf(request))))
  if (task === undefined) return reply.callNotFound()
  return reply.header('ETag', etag(task.version)).send(task)
})

app.post('/api/tasks', { schema: { body: Draft, response: { 201: Task } } }, async (request, reply) => {
  const [task] = await db
    .insert(tasks)
    .values({ ...request.body, ownerId: ownerOf(request) })
    .returning(shown)
  if (task === undefined) throw new Error('no row came back')
  return reply.code(201).send(task)
})

app.patch('/api/tasks/:id', { schema: { params: Id, headers: Tagged, body: Edit, response: { 200: Task, 412: Problem } } }, async (request, reply) => {
  const mine = and(eq(tasks.id, request.params.id), eq(tasks.ownerId, ownerOf(request)))
  const [before] = await db.select(shown).from(tasks).where(mine)
  if (before === undefined) return reply.callNotFound()
  if (request.headers['if-match'] !== undefined && request.headers['if-match'] !== etag(before.version)) return reply.code(412).send(STALE)
  const [task] = await db
    .update(tasks)
    .set({ ...request.body, updatedAt: new Date(), version: before.version + 1 })
    .where(and(mine, eq(tasks.version, before.version)))
    .returning(shown)
  if (task === undefined) return reply.code(412).send(STALE)
  return reply.header('ETag', etag(task.version)).send(task)
})

app.put('/api/tasks/:id/completion', { schema: { params: Id, response: { 200: Task } } }, async (request, reply) => {
  const [task] = await db
    .update(tasks)
    .set({ status: 'done', completedAt: new Date(), updatedAt: new Date(), version: sql`${tasks.version} + 1` })
    .where(and(eq(tasks.id, request.params.id), eq(tasks.ownerId, ownerOf(request))))
    .returning(shown)
  if (task === undefined) return reply.callNotFound()
  return reply.header('ETag', etag(task.version)).send(task)
})

await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' })
