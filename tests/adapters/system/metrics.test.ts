import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createMetrics } from '../../../src/adapters/system/metrics.ts'
import type { AnsweredRequest } from '../../../src/application/observation.ts'

const request: AnsweredRequest = {
  id: 'f00d',
  method: 'GET',
  route: '/api/tasks/:id',
  status: 404,
  milliseconds: 20,
  owner: 'feedface',
  problem: 'not-found',
  reason: undefined,
}

describe('metrics', () => {
  it('DOC-06 count what is told, and name neither owner nor request', async () => {
    const { tell, print } = createMetrics()
    tell({ kind: 'answered', request })
    tell({ kind: 'answered', request: { ...request, route: undefined, status: 200, problem: undefined } })
    tell({ kind: 'failed', requestId: 'f00d', cause: new Error('gone') })
    tell({ kind: 'key-set-fetched', keys: 2 })
    tell({ kind: 'key-set-failed', reason: 'gone' })
    tell({ kind: 'due-work-done', count: 7 })
    tell({ kind: 'stopped' })
    const figures = await print()
    expect(figures.split('\n')).to.include.members([
      'taskward_http_requests_total{method="GET",route="/api/tasks/:id",status="404"} 1',
      'taskward_http_requests_total{method="GET",route="none",status="200"} 1',
      'taskward_http_request_duration_seconds_bucket{le="0.01",route="/api/tasks/:id"} 0',
      'taskward_http_request_duration_seconds_bucket{le="0.025",route="/api/tasks/:id"} 1',
      'taskward_problems_total{problem="not-found"} 1',
      'taskward_faults_total 1',
      'taskward_key_set_fetches_total{outcome="fetched"} 1',
      'taskward_key_set_fetches_total{outcome="failed"} 1',
      'taskward_due_work_total 7',
    ])
    expect(figures).to.not.match(/feedface|f00d|gone/)
  })

  it('FIG-02 tell what is there at the moment they are asked for', async () => {
    const { watch, print } = createMetrics()
    let streams = 2
    watch({ inFlight: () => 1, streams: () => streams, connections: () => ({ busy: 3, idle: 4, waiting: 5 }) })
    await print()
    streams = 7
    expect((await print()).split('\n')).to.include.members([
      'taskward_requests_in_flight 1',
      'taskward_streams_open 7',
      'taskward_database_connections{state="busy"} 3',
      'taskward_database_connections{state="idle"} 4',
      'taskward_database_waiting 5',
    ])
  })

  it('FIG-02 tell no age of a key set before there is one, and no pool where there is none', async () => {
    const { watch, tell, print } = createMetrics()
    watch({ inFlight: () => 0, streams: () => 0 })
    expect(await print()).to.not.match(/taskward_(?:key_set_age|database)/)
    tell({ kind: 'key-set-fetched', keys: 1 })
    tell({ kind: 'key-set-fetched', keys: 1 })
    expect(await print()).to.match(/^taskward_key_set_age_seconds 0(?:\.\d+)?$/m)
  })

  it('PROC-07 add up those of several processes', async () => {
    const [one, other, first] = [createMetrics(), createMetrics(), createMetrics()]
    for (const { tell } of [one, other, other]) tell({ kind: 'answered', request })
    first.tell({ kind: 'due-work-done', count: 7 })
    // As they come from another process.
    const others = await Promise.all([one, other].map(async ({ figures }) => JSON.parse(JSON.stringify(await figures()))))
    expect((await first.printSum(others)).split('\n')).to.include.members([
      'taskward_http_requests_total{method="GET",route="/api/tasks/:id",status="404"} 3',
      'taskward_http_request_duration_seconds_bucket{le="0.025",route="/api/tasks/:id"} 3',
      'taskward_due_work_total 7',
    ])
  })
})
