import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { OwnedTasks, Verdict } from '../../src/application/ports.ts'
import { print } from '../../src/application/printing.ts'
import { create, edit } from '../../src/domain/editing.ts'
import { at, draftOf, idOf, onceOf, principalOf, queryOf } from '../builders.ts'
import { figure, type OpenStore, openedAround } from './opened-store.ts'
import { commitOf } from './writing.ts'

const SIMULTANEOUS = 50

/** What every store promises where writes come at once. */
export function racingContract(name: string, open: OpenStore): void {
  describe(`${name}: racing`, function () {
    this.timeout(120_000)
    const opened = openedAround(open)
    let owners = 0

    const someone = (): OwnedTasks => opened.store.of(principalOf(`${name} racing ${++owners}`).mayWrite())
    const atOnce = (work: (n: number) => Promise<Verdict>): Promise<Verdict[]> => Promise.all(Array.from({ length: SIMULTANEOUS }, (_, n) => work(n)))
    const count = (verdicts: Verdict[], kind: Verdict['kind']): number => verdicts.filter((verdict) => verdict.kind === kind).length

    it('COND-06 of fifty changes decided on one state, one is committed', async () => {
      const mine = someone()
      const { after: task } = create(idOf(1), draftOf(), at(0))
      await mine.commit(commitOf(create(idOf(1), draftOf(), at(0))))
      for (let round = 1; round <= figure(200); round++) {
        const verdicts = await atOnce((n) =>
          mine.commit(commitOf(edit({ ...task, version: round }, { title: `r${round} ${n}` }, at(round)), { decidedOn: round })),
        )
        expect(count(verdicts, 'committed'), `round ${round}`).to.equal(1)
        expect(count(verdicts, 'overtaken')).to.equal(SIMULTANEOUS - 1)
      }
      expect((await mine.page(queryOf())).seq).to.equal(figure(200) + 1)
    })

    it('IDEM-05 of fifty creations under one key, one is committed', async () => {
      const mine = someone()
      for (let round = 1; round <= figure(100); round++) {
        const verdicts = await atOnce((n) => {
          const change = create(idOf(1000 * round + n), draftOf(), at(round))
          return mine.commit(
            commitOf(change, { keep: { once: onceOf(`k${round}`), outcome: { kind: 'created', id: change.after.id, json: print(change.after) } } }),
          )
        })
        expect(count(verdicts, 'committed'), `round ${round}`).to.equal(1)
        expect(count(verdicts, 'overtaken')).to.equal(SIMULTANEOUS - 1)
      }
      expect((await mine.page(queryOf({ limit: 100 }))).seq).to.equal(figure(100))
    })

    it('TASK-03 of fifty creations of one id, one is committed', async () => {
      const mine = someone()
      const verdicts = await atOnce((n) => mine.commit(commitOf(create(idOf(1), draftOf({ title: `n${n}` }), at(0)))))
      expect(count(verdicts, 'committed')).to.equal(1)
      expect(count(verdicts, 'already-exists')).to.equal(SIMULTANEOUS - 1)
    })

    it('STORE-02 fifty changes at once take fifty numbers, one after the other', async () => {
      const mine = someone()
      const verdicts = await atOnce((n) => mine.commit(commitOf(create(idOf(n), draftOf(), at(n)))))
      const numbers = verdicts.flatMap((verdict) => (verdict.kind === 'committed' ? [verdict.seq] : []))
      expect(numbers.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: SIMULTANEOUS }, (_, n) => n + 1))
      expect((await mine.page(queryOf())).seq).to.equal(SIMULTANEOUS)
    })

    it('STORE-08 a quota holds against creations at once', async () => {
      const mine = someone()
      const verdicts = await atOnce((n) => mine.commit(commitOf(create(idOf(n), draftOf(), at(n)), { quota: { tasks: 7, bytes: 1_000_000 } })))
      expect(count(verdicts, 'committed')).to.equal(7)
      expect(count(verdicts, 'task-quota-exceeded')).to.equal(SIMULTANEOUS - 7)
    })
  })
}
