import type { Context } from '../context.ts'
import { type Asset, DOCS_POLICY, type Docs } from '../docs.ts'
import { HTML_TYPE } from '../headers.ts'
import { sendUnlessKnown } from '../outcome.ts'
import { fault } from '../problem.ts'
import { acceptable, type Route } from './route.ts'

/** @param problems a page for each slug */
export function documentRoutes(docs: Docs, problems: ReadonlyMap<string, string>): readonly Route[] {
  return [
    /** To the documents, for whoever opens the server in a browser. No token. HTTP-05. */
    {
      method: 'GET',
      path: '/',
      needs: undefined,
      async handle(ctx) {
        ctx.set('Location', '/api/docs')
        ctx.body = null
        ctx.status = 302
      },
    },

    /** The contract for machines. No token, not counted, not in flight. DOC-01, RATE-04. */
    { method: 'GET', path: '/api/openapi.json', needs: undefined, handle: async (ctx) => sendAsset(ctx, docs.openapiJson) },

    /** A page to read the contract and try it. No token, not counted, not in flight. DOC-02, HTTP-22, RATE-04. */
    {
      method: 'GET',
      path: '/api/docs',
      needs: undefined,
      async handle(ctx) {
        sendAsset(ctx, docs.page)
        ctx.set('Content-Security-Policy', DOCS_POLICY)
      },
    },

    /** What that page is made of. No token, not counted, not in flight. DOC-02, RATE-04. */
    {
      method: 'GET',
      path: '/api/docs/:asset',
      needs: undefined,
      handle: async (ctx) => sendAsset(ctx, docs.assets.get(ctx.params['asset'] ?? '') ?? fault('not-found')),
    },

    /** What a problem means and what to do. No token, not counted, not in flight. DOC-03, RATE-04. */
    {
      method: 'GET',
      path: '/api/problems/:slug',
      needs: undefined,
      async handle(ctx) {
        const text = problems.get(ctx.params['slug'] ?? '') ?? fault('not-found')
        acceptable(ctx, HTML_TYPE)
        ctx.set('Content-Type', HTML_TYPE)
        ctx.body = text
      },
    },
  ]
}

function sendAsset(ctx: Context, { type, body, etag }: Asset): void {
  acceptable(ctx, type)
  sendUnlessKnown(ctx, etag, type, body)
}
