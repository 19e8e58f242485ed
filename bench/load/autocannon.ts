/** The same as wrk.lua, for machines without `wrk`: takes several times as much of the machine, and tells how much. */
import { readFileSync } from 'node:fs'
import autocannon from 'autocannon'

const [url = '', file = '', connections, seconds, rate] = process.argv.slice(2)

const requests = readFileSync(file, 'utf8')
  .split('\0')
  .map((text) => {
    const [head = '', body = ''] = text.split('\r\n\r\n')
    const [first = '', ...lines] = head.split('\r\n')
    const [method = '', path = ''] = first.split(' ')
    return { method, path, body, headers: Object.fromEntries(lines.map((line) => line.split(': ', 2))) }
  })

let at = 0
const {
  errors,
  timeouts,
  non2xx,
  latency,
  requests: counted,
  duration,
} = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(seconds),
  ...(rate === undefined ? {} : { overallRate: Number(rate) }),
  requests: [{ setupRequest: (request) => Object.assign({}, request, requests[at++ % requests.length]) }],
})
const { user, system } = process.cpuUsage()
const seen = { requests: counted.total, seconds: duration, p50: latency.p50, p99: latency.p99 }
process.stdout.write(`RESULT ${JSON.stringify({ ...seen, failed: non2xx, lost: errors + timeouts, processor: (user + system) / 1e6 })}\n`)
