import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { Share } from '../../../src/adapters/postgres/fair-share.ts'
import { LATEST, latestNumbers, OwnerStatement, ownerScope, ownerTransaction } from '../../../src/adapters/postgres/owner-scope.ts'
import type { Row, Runner, Session, Statement, TransactionTerms, Values } from '../../../src/adapters/postgres/session.ts'
import { principalOf } from '../../builders.ts'
import { databasesUnderTest, type TestDatabase } from '../../databases.ts'

const ADA = principalOf('ada').mayWrite()
const ownersOf = (count: number) => Array.from({ length: count }, (_, nth) => principalOf(`owner ${nth}`).mayRead())

interface Ran {
  readonly statement: Statement
  readonly values: Values
  readonly waited: number | undefined
}

/** A session that answers what it is told to, and keeps what it was asked. */
function sessionWith(answer: (values: Values) => readonly Row[], isDistributed: boolean | Promise<boolean> = Promise.resolve(false)) {
  const ran: Ran[] = []
  const runner: Runner = {
    run: async (statement, values, waited) => {
      ran.push({ statement, values, waited })
      return answer(values)
    },
  }
  const kept: boolean[] = []
  const terms: (TransactionTerms | undefined)[] = []
  const session: Session = {
    ...runner,
    transaction: async (work, isKept, given) => {
      terms.push(given)
      const result = await work({ ...runner, hasOwner: given?.owner !== undefined })
      kept.push(isKept(result))
      return result
    },
    isDistributed: () => isDistributed,
  }
  return { session, ran, kept, terms }
}

describe('the scope of an owner', () => {
  const own = OwnerStatement.of('own', 'select 1 where $limit > 0 and $owner <> $title')

  it('OWN-04 gives each statement its owner, whatever values come with it', async () => {
    const { session, ran } = sessionWith(() => [['1']])
    const rows = await ownerScope(session, ADA)(own, { limit: 1, title: 'x', owner: 'eve' })
    expect(rows).to.deep.equal([['1']])
    expect(ran.map(({ values }) => values)).to.deep.equal([{ limit: 1, title: 'x', owner: 'ada' }])
    expect(ran[0]?.statement.parameters).to.have.members(['owner', 'limit', 'title'])
    expect(ran[0]?.statement.text).to.equal(own.text)
    expect(ran[0]?.statement.name).to.match(/^own /)
  })

  it('OWN-04 runs several in one transaction, as that owner, kept where the result says so', async () => {
    for (const isKept of [true, false]) {
      const { session, ran, kept } = sessionWith(() => [])
      const result = await ownerTransaction(session, ADA)(
        async (mine) => {
          await mine(own, { limit: 1, title: 'x' })
          await mine(own, { limit: 2, title: 'x' })
          return 'done'
        },
        (done) => done === 'done' && isKept,
      )
      expect([result, kept]).to.deep.equal(['done', [isKept]])
      expect(ran.map(({ values }) => [values['owner'], values['limit']])).to.deep.equal([
        ['ada', 1],
        ['ada', 2],
      ])
    }
  })

  it('STORE-16 where rows are distributed it is the transaction that is given the owner, and the statement is not', async () => {
    const unhurried = OwnerStatement.of('unhurried', 'select $owner', [], true)
    for (const asked of [false, true, Promise.resolve(false), Promise.resolve(true)]) {
      const isDistributed = await asked
      const { session, ran, kept, terms } = sessionWith(() => [['1']], asked)
      const mine = ownerScope(session, ADA)
      expect(await mine(own, { limit: 1, title: 'x' })).to.deep.equal([['1']])
      await mine(unhurried, {})
      await ownerTransaction(session, ADA)(
        (within) => within(own, { limit: 1, title: 'x' }),
        () => false,
      )
      expect(ran.map(({ statement }) => /set_config/.test(statement.text))).to.deep.equal(new Array(3).fill(!isDistributed))
      expect(ran.map(({ values }) => values['owner'])).to.deep.equal(['ada', 'ada', 'ada'])
      const asAda = { owner: 'ada', waited: 0 }
      expect(terms).to.deep.equal(isDistributed ? [{ ...asAda, isUnhurried: false }, { ...asAda, isUnhurried: true }, asAda] : [{ waited: 0 }])
      expect(kept).to.deep.equal(isDistributed ? [true, true, false] : [false])
    }
  })

  it('STORE-16 LIVE-09 where rows are distributed each owner’s number is asked for as that owner', async () => {
    const numbers: Readonly<Record<string, readonly Row[]>> = { 'owner 0': [['5']], 'owner 1': [], 'owner 2': [[null]], 'owner 3': [['6']] }
    const { session, ran, terms } = sessionWith(({ owner }) => numbers[String(owner)] ?? [], true)
    expect([...(await latestNumbers(session, ownersOf(4)))]).to.deep.equal([
      ['owner 0', '5'],
      ['owner 3', '6'],
    ])
    expect(terms.map((one) => one?.owner)).to.deep.equal(['owner 0', 'owner 1', 'owner 2', 'owner 3'])
    for (const { statement } of ran) {
      expect(statement.name).to.match(/^latest of one /)
      expect(statement.text).to.match(/seq::text from owners/)
    }
  })

  it('STORE-15 waits for its owner’s turn, as one that writes where it takes the owner’s row, and says how long it has waited', async () => {
    const writing = OwnerStatement.of('writing', 'select $owner', ['part as (select 1)'])
    const turns: (readonly [string, boolean])[] = []
    const share: Share = (owner, work, writes) => {
      turns.push([owner.id, writes])
      return work(7)
    }
    for (const isDistributed of [false, true]) {
      const { session, ran, terms } = sessionWith(() => [], isDistributed)
      const mine = ownerScope(session, ADA, share)
      await mine(own, { limit: 1, title: 'x' })
      await mine(writing, {})
      await ownerTransaction(
        session,
        ADA,
        share,
      )(
        (within) => within(own, { limit: 1, title: 'x' }),
        () => true,
      )
      expect(turns.splice(0)).to.deep.equal([
        ['ada', false],
        ['ada', true],
        ['ada', true],
      ])
      // Of a transaction it is the whole that is told, of a statement alone the statement.
      expect(terms.map((one) => one?.waited)).to.deep.equal(isDistributed ? [7, 7, 7] : [7])
      expect(ran.map(({ waited }) => waited)).to.deep.equal(isDistributed ? [undefined, undefined, undefined] : [7, 7, undefined])
    }
  })

  it('is named, so that it is planned once', () => {
    expect(LATEST.name).to.match(/^latest /)
  })

  it('LIVE-09 asks for the numbers of a thousand owners at once, each once, and leaves out who has none', async () => {
    for (const [count, portions] of [
      [0, []],
      [3, [3]],
      [2000, [1000, 1000]],
      [2001, [1000, 1000, 1]],
    ] as const) {
      const { session, ran } = sessionWith(({ owners }) => [
        ...(Array.isArray(owners) ? owners.map((owner): Row => [owner, owner === 'owner 1' ? null : '7']) : []),
        [null, '8'],
      ])
      const numbers = await latestNumbers(session, ownersOf(count))
      expect(ran.map(({ values }) => Array.isArray(values['owners']) && values['owners'].length)).to.deep.equal(portions)
      expect(ran.flatMap(({ values }) => values['owners'])).to.deep.equal(ownersOf(count).map(({ id }) => id))
      expect(numbers.size).to.equal(Math.max(0, count - 1))
      expect([...new Set(numbers.values())]).to.deep.equal(count === 0 ? [] : ['7'])
      expect(numbers.has('owner 1')).to.equal(false)
    }
  })
})

for (const { name, open } of databasesUnderTest) {
  describe(`${name}: a statement in the scope of its owner`, function () {
    this.timeout(60_000)
    let database: TestDatabase
    before(async () => {
      database = await open()
      for (const owner of ['ada', 'bob']) {
        await database.ask(`select set_config('app.owner_id', $1, false)`, [owner])
        await database.ask('insert into owners (owner_id, seq) values ($1, 7)', [owner])
      }
      await database.ask(`select set_config('app.owner_id', '', false)`)
    })
    after(() => database.close())

    /** Without any `where` of its own, so that it is the scope and the policies that keep the others out. */
    const run = async (text: string, owner: string): Promise<readonly unknown[]> => (await database.ask(text, [owner])).map(({ owner_id }) => owner_id)

    it('OWN-04 OWN-05 reads its owner’s rows, and leaves no owner behind', async () => {
      const { text } = OwnerStatement.of(undefined, 'select o.owner_id from owners o')
      expect(await run(text, 'ada')).to.deep.equal(['ada'])
      expect(await run(text, 'bob')).to.deep.equal(['bob'])
      expect(await run(text, 'eve')).to.deep.equal([])
      const [left] = await database.ask(`select current_setting('app.owner_id', true) as owner, (select count(*)::int from owners) as rows`)
      expect(left).to.deep.equal({ owner: '', rows: 0 })
    })

    it('OWN-04 OWN-05 writes its owner’s rows by parts that go before', async () => {
      const parts = ['raised as (update owners o set seq = o.seq + 1 returning o.owner_id)', 'counted as (select owner_id from raised)']
      const { text } = OwnerStatement.of(undefined, 'select owner_id from counted', parts)
      expect(await run(text, 'ada')).to.deep.equal(['ada'])
      const { text: read } = OwnerStatement.of(undefined, 'select o.seq::text as owner_id from owners o')
      expect([await run(read, 'ada'), await run(read, 'bob')]).to.deep.equal([['8'], ['7']])
    })
  })
}
