import { Transform } from 'node:stream'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import pg from 'pg'
import { PoolSession } from '../../src/adapters/postgres/pool-session.ts'
import { openServer } from '../../src/adapters/postgres/server.ts'
import { createTaskStore } from '../../src/adapters/postgres/task-store.ts'
import { localWakes } from '../../src/adapters/postgres/wakes.ts'
import { runBatch } from '../../src/application/batch.ts'
import { browseTasks, readTask } from '../../src/application/browsing.ts'
import { completeTask, reopenTask } from '../../src/application/completion.ts'
import { createTask } from '../../src/application/creation.ts'
import { patchTask, replaceTask } from '../../src/application/editing.ts'
import { readHistory, revertTask } from '../../src/application/history.ts'
import type { Once, Ports } from '../../src/application/ports.ts'
import { readSummary } from '../../src/application/summary.ts'
import { readChanges, walkSince } from '../../src/application/sync.ts'
import { browseTrash, discardTask, emptyTrash, purgeTask, restoreTask } from '../../src/application/trash.ts'
import { OPERATIONS } from '../../src/domain/batch.ts'
import type { TaskId } from '../../src/domain/task.ts'
import { draftOf, idOf, onceOf, portsOver, principalOf, queryOf } from '../builders.ts'
import { freshOnOwnServer } from '../databases.ts'
import { Messages, openRelay } from '../relay.ts'

/** What a client sends and then waits for an answer to: a `Sync`, or a plain query. */
const ASKING = ['S', 'Q']
const ada = principalOf('ada')

const READS: Readonly<Record<string, (ports: Ports, id: TaskId) => Promise<unknown>>> = {
  'a task': (ports, id) => readTask(ports)(ada, id),
  'a page': (ports) => browseTasks(ports)(ada, queryOf()),
  'a history': (ports, id) => readHistory(ports)(ada, id, { limit: 20, bytes: 1000, before: undefined }),
  'the feed': (ports) => readChanges(ports)(ada, walkSince(0), { limit: 100, bytes: 1000 }),
  'a summary': (ports) => readSummary(ports)(ada, 'Asia/Karachi'),
  'the trash': (ports) => browseTrash(ports)(ada, { limit: 20, from: undefined }),
}

/** In an order in which each finds its task as it wants it. */
const WRITES: Readonly<Record<string, (ports: Ports, id: TaskId, once: Once | undefined) => Promise<unknown>>> = {
  'a creation': (ports, id, once) => createTask(ports)(ada, () => ({ id, draft: draftOf() }), once),
  'a replacement': (ports, id, once) => replaceTask(ports)(ada, id, () => draftOf({ title: 'replaced', tags: ['a', 'b'] }), { once }),
  'an edit': (ports, id, once) => patchTask(ports)(ada, id, () => ({ title: 'edited', tags: ['b', 'c'] }), { once }),
  'an edit that changes nothing': (ports, id, once) => patchTask(ports)(ada, id, () => ({}), { once }),
  'a completion': (ports, id, once) => completeTask(ports)(ada, id, { once }),
  'a reopening': (ports, id, once) => reopenTask(ports)(ada, id, { once }),
  'a reversion': (ports, id, once) => revertTask(ports)(ada, id, 2, { once }),
  'a deletion': (ports, id, once) => discardTask(ports)(ada, id, { once }),
  'a restoration': (ports, id, once) => restoreTask(ports)(ada, id, { once }),
  'another deletion': (ports, id, once) => discardTask(ports)(ada, id, { once }),
  'a purge': (ports, id, once) => purgeTask(ports)(ada, id, { once }),
  'an emptying': (ports, _, once) => emptyTrash(ports)(ada, once),
}

describe('PostgreSQL: round trips', () => {
  let ports: Ports
  let trips = 0
  const closing: (() => Promise<void>)[] = []

  before(async () => {
    const { url, drop } = await freshOnOwnServer()
    const database = await openServer({ url, pool: 2 })
    await database.migrate()
    await database.close()
    const count = (type: string): boolean => {
      if (ASKING.includes(type)) trips++
      return true
    }
    const relay = await openRelay(() => [Number(new URL(url).port)], { toServer: () => new Messages('client', count) })
    const through = new URL(url)
    through.port = String(relay.port)
    const pool = new pg.Pool({ connectionString: through.href, max: 1 })
    closing.push(
      () => pool.end(),
      () => relay.close(),
      drop,
    )
    ports = portsOver(createTaskStore(new PoolSession(pool), 30, localWakes()))
    // The owner's first.
    await createTask(ports)(ada, () => ({ id: idOf(1), draft: draftOf() }))
  })
  after(async () => {
    for (const close of closing) await close()
  })

  const tripsOf = async (work: () => Promise<unknown>): Promise<number> => {
    const began = trips
    await work()
    return trips - began
  }

  for (const [name, read] of Object.entries(READS))
    it(`STORE-14 ${name} is one`, async () => {
      expect(await tripsOf(() => read(ports, idOf(1)))).to.equal(1)
    })

  it('STORE-14 a write is two at most, a creation one, with its key or without, and one where it is given again, a creation two', async () => {
    const told: Record<string, readonly number[]> = {}
    for (const [name, write] of Object.entries(WRITES)) {
      const key = onceOf(name)
      told[name] = [
        await tripsOf(() => write(ports, idOf(2), undefined)),
        await tripsOf(() => write(ports, idOf(3), key)),
        await tripsOf(() => write(ports, idOf(3), key)),
      ]
    }
    // An emptying without a key has nothing to look at; what changes nothing has nothing to write.
    const loose = new Set(['an edit that changes nothing', 'an emptying'])
    const wanted = Object.keys(WRITES).map((name) => [name, [loose.has(name) ? 1 : 2, 2, 1]])
    // A creation looks at nothing, and learns from the commit that its key is kept.
    expect(told).to.deep.equal({ ...Object.fromEntries(wanted), 'a creation': [1, 1, 2] })
  })

  it('STORE-14 the changes of a batch are all sent before the first of them is answered', async () => {
    const { url, drop } = await freshOnOwnServer()
    /** What is asked before: tasks and key, the beginning, and the owner's row twice, for it is made first. */
    const before = 4
    let asked = 0
    let letThrough = (): void => {}
    const isHeld = (): boolean => asked > before && asked < before + OPERATIONS
    const hear = (type: string): boolean => {
      if (ASKING.includes(type)) asked++
      if (!isHeld()) letThrough()
      return true
    }
    const relay = await openRelay(() => [Number(new URL(url).port)], {
      toServer: () => new Messages('client', hear),
      toClient: () =>
        new Transform({
          transform(piece, _, done) {
            letThrough = () => {
              letThrough = () => {}
              done(null, piece)
            }
            if (!isHeld()) letThrough()
          },
        }),
    })
    const through = new URL(url)
    through.port = String(relay.port)
    const database = await openServer({ url: through.href, pool: 1, migrationUrl: url })
    try {
      await database.migrate()
      // What is asked of a server once is asked with the first statement.
      asked = 0
      await database.tasks.of(ada.mayRead()).read(idOf(0))
      asked = 0
      const operations = Array.from({ length: OPERATIONS }, (_, n) => ({ op: 'create', id: idOf(n), draft: draftOf() }) as const)
      const { results } = await runBatch(portsOver(database.tasks))(ada, () => operations)
      expect(results).to.have.length(OPERATIONS)
      expect(asked).to.be.within(before + OPERATIONS + 1, before + OPERATIONS + 2)
    } finally {
      await database.close()
      await relay.close()
      await drop()
    }
  })
})
