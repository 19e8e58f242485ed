import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { HTML_TYPE, JSON_TYPE } from './headers.ts'

/** Something that never changes while the process runs. */
export interface Asset {
  /** Its `Content-Type`. */
  readonly type: string
  readonly body: Buffer
  /** Strong, quoted; made of the bytes. */
  readonly etag: string
}

export interface Docs {
  /** `GET /api/docs`, to be sent with `DOCS_POLICY`. */
  readonly page: Asset
  /** `GET /api/docs/{name}`, by name: what the page is made of. */
  readonly assets: ReadonlyMap<string, Asset>
  /** `GET /api/openapi.json`: specs/api/openapi.yaml as JSON (DOC-01). */
  readonly openapiJson: Asset
}

/**
 * The page's `Content-Security-Policy`, the least that it needs: its own scripts and style sheets, icons that the viewer's style sheet
 * holds as `data:`, and requests to this server alone (DOC-02).
 */
export const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Read once, at the start. @throws where a file is missing: the installation is not whole */
export function loadDocs(): Docs {
  const openapi = read('../../../specs/api/openapi.yaml').toString()
  let openapiJson: Asset | undefined
  return {
    page: asset(HTML_TYPE, read('./docs-page/page.html')),
    assets: new Map([
      ['swagger-ui.css', asset(CSS, viewer('swagger-ui.css'))],
      ['swagger-ui-bundle.js', asset(JAVASCRIPT, viewer('swagger-ui-bundle.js'))],
      ['page.css', asset(CSS, read('./docs-page/page.css'))],
      ['initializer.js', asset(JAVASCRIPT, read('./docs-page/initializer.js'))],
    ]),
    get openapiJson() {
      // Made when it is first asked for: it takes as long as all the rest of the start.
      openapiJson ??= asset(JSON_TYPE, Buffer.from(JSON.stringify(parse(openapi))))
      return openapiJson
    },
  }
}

const CSS = 'text/css; charset=utf-8'
const JAVASCRIPT = 'text/javascript; charset=utf-8'

const read = (path: string): Buffer => readFileSync(new URL(path, import.meta.url))

/** A file of the installed viewer. */
const viewer = (name: string): Buffer => readFileSync(new URL(import.meta.resolve(`swagger-ui-dist/${name}`)))

const asset = (type: string, body: Buffer): Asset => ({ type, body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` })
