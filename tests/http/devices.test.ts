import fc from 'fast-check'
import { describe, it } from 'mocha'
import { portsOver } from '../builders.ts'
import { figure } from '../contracts/opened-store.ts'
import { databasesUnderTest } from '../databases.ts'
import { simulate, stepsOf } from '../devices.ts'
import { serving } from './client.ts'

const SEEDS = figure(5, 1)

describe('three devices of one owner, over HTTP', function () {
  this.timeout(600_000)

  for (const { name, open } of databasesUnderTest) {
    it(`SYNC-10 IDEM-03 ${name}: they hold the same as the server in the end, and nothing acknowledged is lost: 1,000 steps, ${SEEDS} seeds`, async () => {
      const database = await open()
      let seed = 0
      try {
        await serving({ ports: portsOver(database.tasks, { tasks: 100_000, bytes: 1e9 }) }, async (api) => {
          await fc.assert(
            fc.asyncProperty(stepsOf(1000), async (steps) => {
              const as = `owner ${++seed}`
              await simulate(steps, (method, path, body, key) =>
                api.ask(method, path, { as, body, headers: key === undefined ? {} : { 'Idempotency-Key': key } }),
              )
            }),
            { numRuns: SEEDS, endOnFailure: true },
          )
        })()
      } finally {
        await database.close()
      }
    })
  }
})
