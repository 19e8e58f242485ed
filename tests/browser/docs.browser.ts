import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type Browser, chromium, type Page } from 'playwright-core'
import { operations } from '../openapi.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
/** No sandbox, as root may run it; and nothing that Chromium asks the world of its own accord. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

describe('the docs page', function () {
  this.timeout(60_000)
  let server: Server
  let browser: Browser

  before(async () => {
    server = await start()
    browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS })
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  it('DOC-02 shows every operation of the document, and loads nothing from another host', async () => {
    const { page, faults } = await open(browser, server.url)
    const shown = await page
      .locator('.opblock-summary')
      .evaluateAll((rows) =>
        rows.map((row) => `${row.querySelector('.opblock-summary-method')?.textContent} ${row.querySelector('[data-path]')?.getAttribute('data-path')}`),
      )
    expect(shown.sort()).to.deep.equal(operations.map(({ method, path }) => `${method} ${path}`).sort())
    expect(await page.locator('.opblock-summary:visible').count()).to.equal(operations.length)
    expect(faults).to.deep.equal([])
  })

  it('DOC-02 sends a request with a token by its form, and shows its answer', async () => {
    const { page, faults } = await open(browser, server.url)
    await page.locator('.auth-wrapper .authorize').click()
    const form = page.locator('.auth-container').filter({ has: page.getByText('token', { exact: true }) })
    await form.locator('input').fill(server.token)
    await form.locator('button[type=submit]').click()
    await page.locator('.auth-btn-wrapper .btn-done').first().click()

    const operation = page.locator('[id$=createTask].opblock')
    await operation.locator('.opblock-summary-control').click()
    await operation.locator('textarea.body-param__text').fill('{ "title": "Tried by its form" }')
    await operation.locator('.execute').click()
    const answer = operation.locator('.live-responses-table')
    await answer.waitFor()
    expect(await answer.locator('.response-col_status').last().textContent()).to.match(/^201/)
    expect(await answer.textContent()).to.include('"title": "Tried by its form"')
    expect(faults).to.deep.equal([])
  })
})

interface Server {
  readonly url: string
  /** Of the development user, from the line that the server prints. */
  readonly token: string
  stop(): Promise<void>
}

/** The real server in development mode, with nothing kept. */
async function start(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'taskward-docs-'))
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../src/main.ts', import.meta.url))], {
    env: { PATH: process.env['PATH'], PORT: '0', DATABASE_URL: 'memory:', DATA_DIR: folder, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = async (): Promise<void> => {
    await end(child)
    rmSync(folder, { recursive: true })
  }
  let token = ''
  for await (const line of createInterface({ input: child.stdout })) {
    token ||= /^curl .*Bearer ([\w.-]+)/.exec(line)?.[1] ?? ''
    const [, url] = /^listening on (http:\S+)/.exec(line) ?? []
    if (url !== undefined) return { url, token, stop }
  }
  await stop()
  throw new Error('the server ended before it listened')
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

/** The page, once it shows its operations; `faults` gathers what the console complains of, and requests that leave the server. */
async function open(browser: Browser, url: string): Promise<{ readonly page: Page; readonly faults: readonly string[] }> {
  const page = await browser.newPage()
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('request', (request) => {
    const asked = request.url()
    if (!(asked.startsWith(`${url}/`) || asked.startsWith('data:'))) faults.push(`asked ${asked}`)
  })
  await page.goto(`${url}/api/docs`)
  await page
    .locator('.opblock')
    .nth(operations.length - 1)
    .waitFor()
  return { page, faults }
}
