import { posix } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { codeOf, file, filesBelow, importsOf, type SourceFile } from './sources.ts'

/** What each room of the house may import: the rooms below it, and packages. A package or a room that is not used there is struck off. */
const ROOMS: Readonly<Record<string, { readonly rooms: readonly string[]; readonly packages: readonly string[] }>> = {
  domain: { rooms: [], packages: [] },
  application: { rooms: ['domain'], packages: [] },
  'adapters/cluster': { rooms: ['application'], packages: ['node:'] },
  'adapters/counting': { rooms: ['application'], packages: ['rate-limiter-flexible'] },
  'adapters/http': {
    rooms: ['application', 'domain'],
    packages: ['@koa/router', 'fp-ts', 'io-ts', 'koa', 'node:', 'swagger-ui-dist', 'yaml'],
  },
  'adapters/jwt': { rooms: ['application', 'domain'], packages: ['jose', 'node:'] },
  'adapters/memory': { rooms: ['application', 'domain'], packages: [] },
  'adapters/postgres': {
    rooms: ['application', 'domain'],
    packages: ['@electric-sql/pglite', '@mikro-orm/core', '@mikro-orm/migrations', '@mikro-orm/pglite', '@mikro-orm/postgresql', 'node:', 'pg'],
  },
  'adapters/system': { rooms: ['application', 'domain'], packages: ['@opentelemetry/api', 'node:', 'pino', 'prom-client'] },
  config: { rooms: ['application', 'domain'], packages: ['fp-ts', 'io-ts', 'node:'] },
  compose: { rooms: ['adapters', 'application', 'config'], packages: ['node:'] },
  cli: { rooms: ['compose', 'config', 'prepare-node'], packages: ['node:'] },
  main: { rooms: ['compose', 'config', 'prepare-node'], packages: ['node:'] },
  worker: { rooms: ['adapters/cluster', 'compose', 'config', 'prepare-node'], packages: ['node:'] },
  'prepare-node': { rooms: [], packages: ['node:'] },
}

const roomOf = (path: string): string => /^src\/(adapters\/[^/]+|[^/.]+)/.exec(path)?.[1] ?? path
const isRelative = (specifier: string): boolean => specifier.startsWith('.')
const target = (from: SourceFile, specifier: string): string => posix.join(posix.dirname(from.path), specifier)
const packageOf = (specifier: string): string => (specifier.startsWith('node:') ? 'node:' : /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0]) ?? specifier
const lengthOf = ({ text }: SourceFile): number => text.trimEnd().split('\n').length
const isWithin = (room: string, allowed: string): boolean => room === allowed || room.startsWith(`${allowed}/`)
const code = (path: string, text: string): SourceFile => ({ path, text })

/** Complains of every place where it is broken. */
type Rule = (files: readonly SourceFile[]) => readonly string[]

/** One complaint for each import that `isWrong` says something about. */
const eachImport =
  (isWrong: (from: SourceFile, specifier: string, all: readonly SourceFile[]) => string | false): Rule =>
  (files) =>
    files.flatMap((from) =>
      importsOf(from.text).flatMap((specifier) => {
        const wrong = isWrong(from, specifier, files)
        return wrong === false ? [] : [`${from.path}: ${wrong} ${specifier}`]
      }),
    )

/** One complaint for each file whose code, without comments and strings, has the pattern. */
const eachFile =
  (pattern: RegExp, isExempt: (path: string) => boolean, what: string): Rule =>
  (files) =>
    files.filter((one) => !isExempt(one.path) && pattern.test(codeOf(one.text))).map((one) => `${one.path}: ${what}`)

/** Finds for whom something is due, in the one table that the server may read for all owners (STORE-11). */
const CLAIMS_WORK = 'src/adapters/postgres/due-work.ts'

/** What reads or writes the rows of all owners, each as that owner: for the commands that copy a database, and for nothing that serves. */
const COPIES_ALL = ['backup', 'restore', 'keeper'].map((name) => `src/adapters/postgres/${name}.ts`)
const COMMANDS = 'src/compose/backup.ts'
const isCommand = (path: string): boolean => /^src\/cli\/(?:backup|restore)\.ts$/.test(path)

/** The same things where they are right. */
const FINE: readonly SourceFile[] = [
  code('src/domain/task.ts', `import type { Due } from './due.ts'\n/** Never throw; Owner.of is elsewhere. */\nconst text = 'throw pool.query()'`),
  code('src/domain/due.ts', `export const due = '2026-11-30' // throw`),
  code('src/domain/refusal.ts', `export function refuse() {\n  throw new Refused()\n}`),
  code('src/application/principal.ts', `import { due } from '../domain/due.ts'\nconst owner = Owner.of(subject)`),
  code(CLAIMS_WORK, `const owners: readonly Owner[] = rows.map(([id]) => Owner.of(id))\nsession.run(DUE, {})`),
  code('src/adapters/http/server.ts', `import Koa from 'koa'\nimport { due } from '../../domain/due.ts'\nif (ctx.query.q) /x/.exec(text)\nthrow new Error()`),
  code('src/adapters/memory/store.ts', `import { due } from '../../domain/due.ts'`),
  code('src/adapters/postgres/owner-scope.ts', `await session.run(statement, values)`),
  code('src/adapters/postgres/database.ts', `const SECRET = 'select secret from server_secret'\nsession.run(SECRET, {})`),
  code('src/adapters/postgres/migrations/0001-first.ts', `import { Migration } from '@mikro-orm/migrations'\nthis.execute('create table tasks ()')`),
  code('src/compose.ts', `import { a } from './adapters/http/server.ts'\nimport { b } from './adapters/memory/store.ts'`),
  code('src/adapters/postgres/backup.ts', `await within.run(WALK, {})`),
  code(COMMANDS, `import { backUp } from '../adapters/postgres/backup.ts'`),
  code('src/cli/backup.ts', `import { backUpDatabase } from '../compose/backup.ts'`),
  code('src/main.ts', `import { compose } from './compose.ts'`),
]

const SRC = filesBelow('src', '.ts', '.mjs')
const lengths = SRC.map(lengthOf).sort((a, b) => a - b)
const allLines = lengths.reduce((sum, length) => sum + length, 0)
const importLines = SRC.reduce((sum, { text }) => sum + (text.match(/^(?:import\b|\} from)/gm)?.length ?? 0), 0)
const share = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`

/** Holds for src, is seen where it is broken, in each of these files alone, and is quiet where it is not: a rule is no rule until it was broken once. */
function upheld(rule: Rule, broken: readonly SourceFile[]): void {
  it('holds', () => {
    expect(rule(SRC)).to.deep.equal([])
  })
  it('is seen where it is broken', () => {
    expect(broken).to.have.property('length').greaterThan(0)
    expect(broken.filter((one) => rule([one]).length === 0)).to.deep.equal([])
    expect(rule(FINE)).to.deep.equal([])
  })
}

describe('a room imports only the rooms below it', () => {
  const rule = eachImport((from, specifier) => {
    const [here, there] = [roomOf(from.path), roomOf(target(from, specifier))]
    if (!isRelative(specifier) || here === there) return false
    return ROOMS[here]?.rooms.some((room) => isWithin(there, room)) ? false : 'must not import'
  })
  upheld(rule, [
    code('src/domain/task.ts', `import type { Ports } from '../application/ports.ts'`),
    code('src/application/creation.ts', `import {\n  MemoryStore,\n} from '../adapters/memory/store.ts'`),
    code('src/adapters/http/server.ts', `import { MemoryStore } from '../memory/store.ts'`),
    code('src/adapters/http/routes/tasks.ts', `const later = await import('../../postgres/page.ts')`),
    code('src/adapters/jwt/verifier.ts', `import { compose } from '../../compose.ts'`),
    code('src/compose.ts', `import './main.ts'`),
    code('src/config.ts', `import { compose } from './compose.ts'`),
    code('src/adapters/system/log.ts', `import { it } from '../../../tests/builders.ts'`),
  ])
})

describe('a room imports only its own packages', () => {
  const rule = eachImport((from, specifier) => {
    if (isRelative(specifier)) return false
    return ROOMS[roomOf(from.path)]?.packages.includes(packageOf(specifier)) ? false : 'must not import the package'
  })
  upheld(rule, [
    code('src/domain/task.ts', `import { randomUUID } from 'node:crypto'`),
    code('src/application/creation.ts', `import * as t from 'io-ts'`),
    code('src/adapters/memory/store.ts', `import pg from 'pg'`),
    code('src/adapters/http/server.ts', `import { jwtVerify } from 'jose'`),
    code('src/adapters/postgres/page.ts', `import type { Context } from 'koa'`),
    code('src/adapters/system/log.ts', `import { it } from 'mocha'`),
    code('src/compose.ts', `import pino from 'pino'`),
  ])
})

describe('only compose.ts knows more than one adapter', () => {
  const adaptersOf = (one: SourceFile): ReadonlySet<string> =>
    new Set([roomOf(one.path), ...importsOf(one.text).map((to) => roomOf(target(one, to)))].filter((room) => room.startsWith('adapters/')))
  const rule: Rule = (files) =>
    files.filter((one) => one.path !== 'src/compose.ts' && adaptersOf(one).size > 1).map(({ path }) => `${path}: knows more than one adapter`)
  upheld(rule, [
    code('src/main.ts', `import { a } from './adapters/http/server.ts'\nimport { b } from './adapters/memory/store.ts'`),
    code('src/adapters/http/server.ts', `import { MemoryStore } from '../memory/store.ts'`),
  ])
})

describe('an import names a file that is there, with its ending', () => {
  const rule = eachImport((from, specifier, files) => {
    if (!isRelative(specifier) || target(from, specifier) === 'package.json') return false
    return files.some(({ path }) => path === target(from, specifier)) ? false : 'finds no'
  })
  upheld(rule, [code('src/domain/task.ts', `import { due } from './due'`), code('src/domain/due.ts', `import { task } from './task.js'`)])
})

describe('migrations are frozen: they import nothing of ours', () => {
  const rule = eachImport((from, specifier) => (/\/migrations\/[^/]*\d/.test(from.path) && isRelative(specifier) ? 'must not import' : false))
  upheld(rule, [code('src/adapters/postgres/migrations/0001-first.ts', `import { TASKS } from '../entities.ts'`)])
})

describe('OWN-01 an owner is made in principal.ts, in the adapter that claims work, and nowhere else', () => {
  const rule = eachFile(
    /\bOwner\s*(?:\?\.|\.)\s*of\b|\bOwner\s*\[(?!\])|=\s*Owner\b|\bOwner\s+as\b/,
    (path) => path === 'src/application/principal.ts' || path === CLAIMS_WORK,
    'must not make an Owner',
  )
  upheld(rule, [
    code('src/application/creation.ts', `const owner = Owner.of('ada')`),
    code('src/adapters/http/server.ts', `const owner = Owner\n  .of(ctx.query.owner)`),
    code('src/adapters/http/answer.ts', `const { of } = Owner`),
    code('src/adapters/http/body.ts', `import { Owner as Anyone } from '../../domain/owner.ts'`),
    code('src/adapters/http/paging.ts', `Owner['of']('ada')`),
    code('src/adapters/memory/store.ts', `const owner = Owner.of('ada')`),
  ])
})

describe('OWN-04 only owner-scope.ts runs statements for requests', () => {
  const driver = eachFile(
    /\.\s*(?:execute|query|getKysely|getKnex|createQueryBuilder|nativeUpdate|nativeDelete|nativeInsert|raw)\b\s*[(<]|\bem\s*\.\s*(?!getConnection\b)\w+\s*[(<]/,
    (path) =>
      /^src\/adapters\/postgres\/(?:owner-scope\.ts|notifications\.ts|pool-session\.ts|query\.ts|embedded(?:-session|-vacuum)?\.ts|migrations\/)/.test(path),
    'must not reach the driver',
  )
  const session = eachFile(
    /\.\s*run\s*\(/,
    (path) =>
      !path.startsWith('src/adapters/postgres/') ||
      /\/(?:owner-scope|database|notifications|traced-session)\.ts$/.test(path) ||
      path === CLAIMS_WORK ||
      COPIES_ALL.includes(path),
    'must not run a statement: a scope does',
  )
  /** Those ask for what is the server's own, for whom something is due and what was written, and tell that something was committed. */
  const ownerless: Rule = (files) =>
    files
      .filter(({ path }) => /^src\/adapters\/postgres\/(?:database|notifications|embedded-vacuum)\.ts$/.test(path) || path === CLAIMS_WORK)
      .filter(({ text }) => /\b(?:from|join|into|update|table|only)\s+(?:owners|tasks|task_tags|changes|kept_answers|tombstones)\b/i.test(text))
      .map(({ path }) => `${path}: must not ask for what has an owner`)

  upheld(
    (files) => [...driver(files), ...session(files), ...ownerless(files)],
    [
      code('src/adapters/postgres/page.ts', `await client.query('select * from tasks')`),
      code('src/adapters/postgres/commit.ts', `await connection.execute<Row[]>('delete from tasks')`),
      code('src/adapters/postgres/rows.ts', `await em.find(Task, {})`),
      code('src/adapters/postgres/task-store.ts', `const rows = await session\n  .run(PAGE, { owner: owner.id })`),
      code('src/adapters/postgres/database.ts', `const ALL = statement('all', 'select count(*) from tasks')`),
      code(CLAIMS_WORK, `const ALL = statement('all', 'select title from tasks')`),
      code('src/adapters/postgres/notifications.ts', `await client.query('select title from tasks')`),
      code('src/adapters/http/server.ts', `pool.query('select 1')`),
      code('src/compose.ts', `orm.em.getKysely().selectFrom('tasks')`),
    ],
  )
})

describe('BACKUP-02 what copies all owners is reached by the commands that do, and by nothing that serves', () => {
  const rule = eachImport((from, specifier) => {
    const to = isRelative(specifier) ? target(from, specifier) : ''
    if (COPIES_ALL.includes(to)) return COPIES_ALL.includes(from.path) || from.path === COMMANDS ? false : 'must not import'
    return to === COMMANDS && !isCommand(from.path) && 'must not import'
  })
  upheld(rule, [
    code('src/adapters/postgres/task-store.ts', `import { backUp } from './backup.ts'`),
    code('src/adapters/postgres/database.ts', `import { keepServer } from './keeper.ts'`),
    code('src/compose.ts', `import { restore } from './adapters/postgres/restore.ts'`),
    code('src/compose.ts', `import { backUpDatabase } from './compose/backup.ts'`),
    code('src/main.ts', `const { backUpDatabase } = await import('./compose/backup.ts')`),
  ])
})

describe('domain and application throw in refuse() only', () => {
  const throwsIn = (text: string): number => codeOf(text).match(/\bthrow\b/g)?.length ?? 0
  const rule: Rule = (files) =>
    files
      .filter(({ path, text }) => /^src\/(?:domain|application)\//.test(path) && throwsIn(text) > (path === 'src/domain/refusal.ts' ? 1 : 0))
      .map(({ path }) => `${path}: must not throw`)
  upheld(rule, [
    code('src/domain/task.ts', `if (wrong) throw new Error('wrong')`),
    code('src/application/creation.ts', `throw refusal`),
    code('src/domain/refusal.ts', `throw new Refused(refusal)\nthrow new Refused(refusal)`),
  ])
})

describe('nothing that is caught is passed over in silence', () => {
  const rule = eachFile(
    /\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}|\.catch\(\s*(?:\(\w*\)|\w+)\s*=>\s*(?:\{\s*\}|undefined)\s*\)/,
    () => false,
    'must not swallow an error',
  )
  upheld(rule, [
    code('src/config.ts', 'try { open() } catch {}'),
    code('src/config.ts', 'try { open() } catch (error) {\n  // never mind\n}'),
    code('src/main.ts', 'await close().catch(() => {})'),
    code('src/main.ts', 'await close().catch((error) => undefined)'),
  ])
})

describe('a file holds one thought', () => {
  const longer = (files: readonly SourceFile[], than: number): readonly string[] =>
    files.filter((one) => lengthOf(one) > than).map((one) => `${one.path}: ${lengthOf(one)} lines`)

  describe('in at most 150 lines', () => {
    upheld((files) => longer(files, 150), [code('src/domain/task.ts', 'export {}\n'.repeat(151))])
  })

  describe('in at most 120 lines nine times of ten', () => {
    upheld((files) => (longer(files, 120).length > files.length / 10 ? longer(files, 120) : []), [code('src/domain/task.ts', 'export {}\n'.repeat(121))])
  })

  describe('of its own', () => {
    upheld(
      eachFile(/\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\}\s*from)/, () => false, 'must not hand on what others export'),
      [`export * from './due.ts'`, `export { due } from './due.ts'`, `export type {\n  Due,\n} from './due.ts'`].map((text) => code('src/domain/all.ts', text)),
    )
  })

  describe('that its name says, without its folder', () => {
    const vague = /^(?:utils?|helpers?|common|types?|index|shared|misc|manager|service|impl|dto)$/
    const rule: Rule = (files) =>
      files
        .filter(({ path }) => {
          const [folder = '', name = ''] = path.split('/').slice(-2)
          const words = posix.basename(name, '.ts').split('-')
          return words.some((word) => vague.test(word) || word === folder) || /[A-Z_]/.test(name)
        })
        .map(({ path }) => `${path}: needs another name`)
    upheld(
      rule,
      ['domain/utils', 'domain/index', 'adapters/http/types', 'adapters/http/http-server', 'domain/taskStatus'].map((name) => code(`src/${name}.ts`, '')),
    )
  })
})

describe('src as a whole', () => {
  it('every room is there, and uses each room and package that it may import', () => {
    const usedRooms = (room: string): readonly string[] =>
      SRC.filter(({ path }) => roomOf(path) === room).flatMap((one) =>
        importsOf(one.text)
          .filter(isRelative)
          .map((specifier) => roomOf(target(one, specifier))),
      )
    const used = (room: string): readonly string[] =>
      SRC.filter(({ path }) => roomOf(path) === room).flatMap(({ text }) =>
        importsOf(text)
          .filter((specifier) => !isRelative(specifier))
          .map(packageOf),
      )
    for (const [room, { rooms, packages }] of Object.entries(ROOMS)) {
      expect(
        SRC.some(({ path }) => roomOf(path) === room),
        room,
      ).to.equal(true)
      expect(
        rooms.filter((allowed) => !usedRooms(room).some((there) => isWithin(there, allowed))),
        room,
      ).to.deep.equal([])
      expect(
        packages.filter((name) => !used(room).includes(name)),
        room,
      ).to.deep.equal([])
    }
    expect(new Set(SRC.map(({ path }) => roomOf(path)))).to.have.keys(Object.keys(ROOMS))
  })

  it('src imports packages that production installs, and uses each of them', () => {
    const { dependencies } = JSON.parse(file('package.json').text)
    const used = SRC.flatMap(({ text }) => importsOf(text))
      .filter((specifier) => !isRelative(specifier))
      .map(packageOf)
      .filter((name) => name !== 'node:')
    expect([...new Set(used)].sort()).to.deep.equal(Object.keys(dependencies).sort())
  })

  it(`${SRC.length} files: median ${lengths[lengths.length >> 1]} lines, longest ${lengths.at(-1)}, ${share(lengths.filter((length) => length < 120).length, SRC.length)} under 120, imports ${share(importLines, allLines)} of the lines`, () => {
    expect(importLines / allLines).to.be.lessThan(0.12)
    expect(lengths[lengths.length >> 1]).to.be.within(20, 70)
  })
})
