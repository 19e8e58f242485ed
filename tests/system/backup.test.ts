import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { freshDatabase, freshOnOwnServer, runOn, superuserUrl } from '../databases.ts'
import { allIds, createClient } from './client.ts'
import { cleanUp, type Environment, freshDirectory, MAIN, openedDirectory, run, startServer, tokenOf } from './process.ts'

const command = (name: 'backup' | 'restore', environment: Environment, ...args: readonly string[]) =>
  run([MAIN[0], `src/cli/${name}.ts`, ...args], { LOG_LEVEL: 'warn', ...environment })

describe('npm run backup, npm run restore', function () {
  this.timeout(120_000)
  const undo: (() => Promise<void>)[] = []
  afterEach(async () => {
    await cleanUp()
    for (const step of undo.splice(0)) await step()
  })

  const fresh = async (): Promise<string> => {
    const { url, drop } = await freshDatabase()
    undo.push(drop)
    return url
  }

  it('BACKUP-03 BACKUP-05 BACKUP-06 BACKUP-07 carry everything from PostgreSQL, while it is served, into the embedded database', async () => {
    const DATABASE_URL = await fresh()
    const server = await startServer({ DATABASE_URL })
    const client = createClient(server.url, tokenOf(server))
    for (let n = 0; n < 5; n++) await client.send('POST', '/api/tasks', { title: `secret ${n}`, description: 'a\u2028b' })
    const ids = await allIds(client)
    const folder = freshDirectory()
    const file = join(folder, 'taskward.jsonl.gz')
    const made = await command('backup', { DATABASE_URL }, file)
    expect([made.code, made.stdout], made.stderr).to.deep.equal([0, ''])
    expect(made.stderr).to.match(/^(backed up \d+ rows, [01] of 1 owners, [\d.]+ s\n)+$/)
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect(readdirSync(folder)).to.deep.equal(['taskward.jsonl.gz'])

    const before = readFileSync(file)
    const twice = await command('backup', { DATABASE_URL }, file)
    expect([twice.code, twice.stderr.split(/[:,]/)[1]]).to.deep.equal([1, ' FILE is there already'])
    expect(readFileSync(file).equals(before)).to.equal(true)

    const DATA_DIR = freshDirectory()
    const restored = await command('restore', { DATA_DIR }, file)
    expect(restored.code, restored.stderr).to.equal(0)
    expect(restored.stderr).to.match(/^(restored \d+ rows, [01] of 1 owners, [\d.]+ s\n)+$/)
    const again = await startServer({ DATA_DIR })
    const other = createClient(again.url, tokenOf(again))
    expect(await allIds(other)).to.deep.equal(ids)
    expect(await other.send('GET', '/api/changes?since=3')).to.include({ status: 410 })
    const [id] = ids
    const task = await fetch(`${again.url}/api/tasks/${id}`, { headers: { authorization: `Bearer ${tokenOf(again)}`, 'if-none-match': '"5"' } })
    expect([task.status, Number(task.headers.get('etag')?.slice(1, -1)) > 1_000_000]).to.deep.equal([200, true])
    client.close()
    other.close()
  })

  it('BACKUP-04 a folder that a server holds is refused, and so are a store that keeps nothing and one that is not there or not up to date', async () => {
    const DATA_DIR = await openedDirectory()
    const file = join(DATA_DIR, 'copy.jsonl')
    await startServer({ DATA_DIR })
    const url = await fresh()
    for (const [name, environment, line] of [
      ['backup', { DATA_DIR }, /^cannot back up: DATA_DIR is held by another server.*\n$/],
      ['backup', { DATABASE_URL: 'memory:' }, /^cannot back up: DATABASE_URL names a store that keeps nothing\n$/],
      ['backup', { DATABASE_URL: url }, /^cannot back up: DATABASE_URL leads to a database that is not of this version.*\n$/],
      ['backup', { DATA_DIR: join(DATA_DIR, 'elsewhere') }, /^cannot back up: DATA_DIR is not there\n$/],
    ] as const) {
      const { code, stdout, stderr } = await command(name, environment, file)
      expect([code, stdout]).to.deep.equal([1, ''])
      expect(stderr).to.match(line)
      expect(existsSync(file) || existsSync(`${file}.part`)).to.equal(false)
    }
  })

  it('BACKUP-02 BACKUP-10 is the work of the role that owns the tables, which the one that serves is not', async () => {
    const { url, drop } = await freshOnOwnServer()
    await runOn(await superuserUrl(), `create role copied login password 'copied'`)
    undo.push(drop, async () => runOn(await superuserUrl(), 'drop role copied'))
    const serving = url.replace(/\/\/[^@]*@/, '//copied:copied@')
    const both = { DATABASE_URL: serving, MIGRATION_DATABASE_URL: url }
    const server = await startServer(both)
    const client = createClient(server.url, tokenOf(server))
    await client.send('POST', '/api/tasks', { title: 'served' })
    client.close()
    const file = join(freshDirectory(), 'copy.jsonl')
    const refused = await command('backup', { DATABASE_URL: serving }, file)
    expect(refused.code).to.equal(1)
    expect(refused.stderr).to.match(/^cannot back up: DATABASE_URL has a role that lacks a right.*\n$/)
    expect((await command('backup', both, file)).code).to.equal(0)
    const full = await command('restore', both, file)
    expect(full.code).to.equal(1)
    expect(full.stderr).to.match(/^cannot restore: MIGRATION_DATABASE_URL leads to a database that has owners already.*\n$/)
  })

  it('BACKUP-12 a file that is damaged, missing or another thing is refused, and so are arguments that nobody understands', async () => {
    const folder = freshDirectory()
    const place = (name: string, bytes: Uint8Array | string): string => {
      writeFileSync(join(folder, name), bytes)
      return join(folder, name)
    }
    const header = '{"taskward":"backup","format":1,"migrations":["0001-first"],"owners":0}\n'
    const packed = gzipSync(header.repeat(50))
    expect(gunzipSync(packed)).to.have.length(header.length * 50)
    const DATABASE_URL = await fresh()
    for (const [args, line] of [
      [[place('cut.gz', packed.subarray(0, -9))], /FILE line \d+ /],
      [[place('none.gz', header)], /FILE line 1 cannot be read/],
      [[place('latin', Buffer.from([0xe9, 0x0a]))], /FILE line 1 cannot be read/],
      [[place('short', header)], /FILE line 2 is missing/],
      [[join(folder, 'nowhere')], /FILE cannot be opened \(ENOENT\)/],
      [[], /one FILE is wanted; it is npm run restore/],
      [['a', '--raise', '5'], /--raise must be a whole number from 1000000/],
      [['a', '--other'], /it is npm run restore/],
    ] as const) {
      const { code, stdout, stderr } = await command('restore', { DATABASE_URL }, ...args)
      expect([code, stdout], stderr).to.deep.equal([1, ''])
      expect(stderr).to.match(line)
      expect(stderr).to.match(/^cannot restore: .+\n$/)
    }
  })
})
