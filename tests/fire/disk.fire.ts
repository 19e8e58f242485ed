import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { runOn } from '../databases.ts'
import { cleanUp } from '../system/process.ts'
import { Cluster } from './cluster.ts'
import { holdsOut, knows } from './holding-out.ts'
import { told } from './report.ts'
import { recovers, Target } from './target.ts'

/** A file system in memory that is soon full. @throws where this user may not mount one: the test is not run without it */
async function smallDisk(megabytes: number): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'taskward-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0777`, 'tmpfs', folder])
  return {
    folder,
    async remove() {
      execFileSync('umount', [folder])
      await rm(folder, { recursive: true })
    },
  }
}

describe('a full disk', function () {
  this.timeout(120_000)
  const done: (() => Promise<void>)[] = []

  afterEach(async () => {
    await cleanUp()
    for (const undo of done.splice(0).reverse()) await undo()
  })

  it('OPS-01 OPS-02 OPS-03 OPS-04 OPS-07 of the tables: reads go on, writes are 503 until there is room', async () => {
    const disk = await smallDisk(16)
    done.push(disk.remove)
    const cluster = await Cluster.start()
    done.push(() => cluster.remove())
    execFileSync('chown', ['postgres', disk.folder])
    await chmod(disk.folder, 0o700)
    const name = await cluster.database()
    await runOn(cluster.superuser, `create tablespace small location '${disk.folder}'`)
    await runOn(cluster.superuser, `alter database ${name} set tablespace small`)
    const target = await Target.start(cluster.port, name)
    done.push(() => target.close())
    const fill = join(disk.folder, 'filler')
    await writeFile(fill, Buffer.alloc(16 * 1024 * 1024)).catch(({ code }: NodeJS.ErrnoException) => expect(code).to.equal('ENOSPC'))
    // Pages that are there already have room for some more.
    const acknowledged = new Set<string>()
    let slowest = 0
    for (let refused = 0; refused < 10; ) {
      const { status, body, headers, ms } = await target.ask('POST', '/api/tasks', { body: { title: 'x', description: `${Math.random()} `.repeat(400) } })
      expect([201, 503], body).to.include(status)
      if (status === 201) acknowledged.add(JSON.parse(body).id)
      else {
        refused++
        slowest = Math.max(slowest, ms)
        expect(headers.get('retry-after')).to.equal('1')
      }
    }
    expect(slowest).to.be.lessThan(2_000)
    expect((await target.ask('GET', '/api/tasks')).status).to.equal(200)
    const known = Math.max(...(await knows(target)))
    await rm(fill)
    const recovery = await recovers(target)
    for (const id of acknowledged) expect((await target.ask('GET', `/api/tasks/${id}`)).status).to.equal(200)
    expect(target.isEnded).to.equal(false)
    told(`disk of the tables full, ${acknowledged.size} acknowledged while it filled, 0 missing`, { outage: slowest, known }, recovery)
  })

  it('OPS-01 OPS-02 OPS-03 OPS-04 OPS-07 of the log: the database ends itself, and is served again once it has room', async () => {
    const disk = await smallDisk(160)
    done.push(disk.remove)
    const cluster = await Cluster.start(['min_wal_size=32MB', 'max_wal_size=64MB'], join(disk.folder, 'data'))
    done.push(() => cluster.remove())
    const target = await Target.start(cluster.port, await cluster.database())
    done.push(() => target.close())
    // Nothing of the log is used again, as where a replica has fallen behind.
    await runOn(cluster.superuser, `select pg_create_physical_replication_slot('behind', true)`)
    const acknowledged = await Promise.all(Array.from({ length: 50 }, () => target.make()))
    const fill = join(disk.folder, 'filler')
    await writeFile(fill, Buffer.alloc(160 * 1024 * 1024)).catch(({ code }: NodeJS.ErrnoException) => expect(code).to.equal('ENOSPC'))
    for (let isAway = false; !isAway; ) {
      await runOn(cluster.superuser, 'select pg_switch_wal()').catch(() => {})
      const { status, body } = await target.ask('POST', '/api/tasks', { body: { title: 'x' } })
      expect([201, 503], body).to.include(status)
      if (status === 201) acknowledged.push(JSON.parse(body).id)
      else isAway = true
    }
    const outage = await holdsOut(target, { kinds: ['writes'], ready: 'either' })
    await rm(fill)
    await cluster.revive()
    const recovery = await recovers(target)
    for (const id of acknowledged) expect((await target.ask('GET', `/api/tasks/${id}`)).status).to.equal(200)
    told(`disk of the log full, ${acknowledged.length} acknowledged, 0 missing`, outage, recovery)
  })
})
