import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { DirectoryInUse } from '../../../src/adapters/postgres/directory-lock.ts'
import { openCluster, openEmbedded } from '../../../src/adapters/postgres/embedded.ts'
import { create } from '../../../src/domain/editing.ts'
import { at, draftOf, idOf, principalOf } from '../../builders.ts'
import { commitOf } from '../../contracts/writing.ts'

const mineOf = (database: Awaited<ReturnType<typeof openEmbedded>>) => database.tasks.of(principalOf('ada').mayWrite())

describe('the embedded database', function () {
  this.timeout(120_000)

  it('RUN-03 RUN-04 is whole after a first start that was killed half-way, is held by one, and keeps what was written', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'taskward-embedded-'))
    mkdirSync(join(directory, 'database.new', 'base'), { recursive: true })
    writeFileSync(join(directory, 'database.new', 'PG_VERSION'), '18')
    const first = await openEmbedded({ directory })
    expect(readdirSync(directory).sort()).to.deep.equal(['database', 'database.lock'])
    await first.migrate()
    expect(await first.bypassesRowSecurity()).to.equal(false)
    const begun = performance.now()
    const refused = await openEmbedded({ directory }).then(
      () => 'opened',
      (fault) => fault,
    )
    expect(refused).to.be.instanceOf(DirectoryInUse)
    expect(performance.now() - begun).to.be.lessThan(1000)
    expect((await mineOf(first).commit(commitOf(create(idOf(1), draftOf(), at(0))))).kind).to.equal('committed')
    const secret = await first.secret()
    await first.close()

    const second = await openEmbedded({ directory })
    expect(await second.migrate()).to.deep.equal([])
    expect(await second.bypassesRowSecurity()).to.equal(false)
    expect((await mineOf(second).read(idOf(1)))?.seq).to.equal(1)
    expect(await second.secret()).to.deep.equal(secret)
    await second.close()
    rmSync(directory, { recursive: true, force: true })
  })

  it('goes by an index where one leads to the rows, however few they are', async () => {
    const { pglite } = await openCluster('memory://')
    await pglite.exec('create table few (id int primary key); insert into few values (1), (2), (3); analyze few')
    const { rows } = await pglite.query('explain select from few where id = 2')
    await pglite.close()
    expect(JSON.stringify(rows)).to.include('few_pkey').and.not.include('Seq Scan')
  })
})
