import { expect } from 'chai'
import { describe, it } from 'mocha'
import { logTo } from '../../../src/adapters/system/log.ts'
import type { AnsweredRequest, Observation } from '../../../src/application/observation.ts'
import { run } from '../../system/process.ts'

/** The lines that these observations make. */
function linesOf(observations: readonly Observation[], level = 'trace'): string[] {
  const lines: string[] = []
  const tell = logTo({ write: (text) => void lines.push(text) }, level)
  for (const observation of observations) tell(observation)
  return lines
}

const failed = (cause: unknown): Observation => ({ kind: 'failed', requestId: 'r-1', cause })
const answered = (some: Partial<AnsweredRequest> = {}): Observation => ({
  kind: 'answered',
  request: { id: 'r-1', method: 'GET', route: '/api/tasks', status: 200, milliseconds: 1.23456, owner: 'a1b2', problem: undefined, reason: undefined, ...some },
})

describe('the log', () => {
  it('LOG-01 has one line of JSON for each request', () => {
    const lines = linesOf([answered(), answered({ status: 401, problem: 'invalid-token', owner: undefined, reason: 'expired', route: undefined })])
    expect(lines).to.have.lengthOf(2)
    expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).to.equal(true)
    const [first, second] = lines.map((line) => JSON.parse(line))
    expect(first).to.include({ level: 30, msg: 'answered', id: 'r-1', method: 'GET', route: '/api/tasks', status: 200, ms: 1.235, owner: 'a1b2' })
    expect(first.time).to.match(/^\d{4}-\d\d-\d\dT/)
    expect(second).to.include({ status: 401, problem: 'invalid-token', reason: 'expired' })
    expect(second).to.not.have.any.keys('owner', 'route')
  })

  it('LOG-02 never holds a raw control character', () => {
    const nasty = `${Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).join('')}\u2028\u2029`
    const [line = ''] = linesOf([answered({ method: nasty })])
    expect(line.slice(0, -1)).to.match(/^[^\p{Cc}\u2028\u2029]+$/u)
    expect(JSON.parse(line).method).to.equal(nasty)
  })

  it('LOG-02 never holds what an error quotes', () => {
    const postgres = Object.assign(new Error('invalid input syntax for type json: "my secret "title" is"'), {
      code: '22P02',
      table: 'tasks',
      constraint: 'tasks_pkey',
      detail: 'Token "secret" is invalid.',
      where: 'JSON data, line 1: secret',
      query: "insert into tasks values ('secret')",
      parameters: ['secret'],
    })
    const parsing = (): unknown => {
      try {
        return JSON.parse('secret\n    at secret (secret.ts:1:1)')
      } catch (error) {
        return error
      }
    }
    const wrapped = new Error("insert into tasks values ('secret') - it's secret", { cause: postgres })
    const lines = linesOf([failed(postgres), failed(parsing()), failed(wrapped), failed('secret'), failed({ secret: 'secret' }), failed(undefined)])
    expect(lines).to.have.lengthOf(6)
    for (const line of lines) expect(line).not.to.include('secret')
    expect(JSON.parse(lines[0] ?? '')).to.deep.include({ level: 50, id: 'r-1' })
    expect(JSON.parse(lines[0] ?? '').cause).to.include({
      name: 'Error',
      code: '22P02',
      table: 'tasks',
      constraint: 'tasks_pkey',
      message: 'invalid input syntax for type json: …',
    })
    expect(JSON.parse(lines[0] ?? '').cause.at[0]).to.include('log.test.ts')
    expect(JSON.parse(lines[2] ?? '').cause.cause.code).to.equal('22P02')
  })

  it('ends a chain of causes, and one that is a circle', () => {
    const circle = new Error('a')
    circle.cause = circle
    expect(linesOf([failed(circle)])).to.have.lengthOf(1)
  })

  it('LOG-03 loses nothing where the process ends at once, in one process and in one of several', async () => {
    for (const pid of [undefined, 7]) {
      const { stderr, code } = await run([
        process.execPath,
        '--input-type=module',
        '--eval',
        `import { openLog } from './src/adapters/system/log.ts'
const { tell } = openLog('info', ${pid})
for (let n = 0; n < 500; n++) tell({ kind: 'warned', what: String(n) })
process.exit()`,
      ])
      expect(code).to.equal(0)
      expect(stderr.match(/"what":"\d+"/g)).to.deep.equal(Array.from({ length: 500 }, (_, n) => `"what":"${n}"`))
    }
  })

  it('keeps to its level', () => {
    expect(linesOf([answered(), failed(new Error('x')), { kind: 'warned', what: 'w' }], 'warn')).to.have.lengthOf(2)
    expect(linesOf([answered(), failed(new Error('x'))], 'silent')).to.have.lengthOf(0)
  })

  it('tells every kind of thing there is', () => {
    const all: readonly Observation[] = [
      { kind: 'listening', url: 'http://127.0.0.1:3000', database: 'embedded' },
      { kind: 'key-set-fetched', keys: 2 },
      { kind: 'key-set-failed', reason: 'TimeoutError' },
      { kind: 'migrated', names: ['0001'] },
      { kind: 'warned', what: 'w' },
      { kind: 'stopping', signal: 'SIGTERM' },
      { kind: 'stopped' },
      { kind: 'due-work-done', count: 3 },
    ]
    expect(linesOf(all).map((line) => JSON.parse(line).msg)).to.deep.equal(all.map(({ kind }) => kind))
  })
})
