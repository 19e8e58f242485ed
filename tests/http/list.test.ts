import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { portsOver } from '../builders.ts'
import { type Client, problemIn, SECRET, serving } from './client.ts'

interface Page {
  readonly items: readonly { readonly title: string; readonly id: string }[]
  readonly nextCursor: string | null
}

const page = async (api: Client, query = '', as = 'ada'): Promise<Page> => {
  const answer = await api.get(`/api/tasks${query}`, { as })
  if (answer.status !== 200) throw new Error(answer.body)
  return JSON.parse(answer.body)
}

const titles = async (api: Client, query: string): Promise<readonly string[]> => (await page(api, query)).items.map(({ title }) => title)

async function makeAll(api: Client, tasks: readonly object[]): Promise<void> {
  for (const task of tasks) await api.make(task)
}

const named = (...names: readonly string[]) => names.map((title) => ({ title }))

describe('the list', () => {
  it(
    'LIST-01 gives the owner’s tasks, 20 or as many as asked for, and says where the next ones are',
    serving({}, async (api) => {
      expect((await api.get('/api/tasks')).body).to.equal('{"items":[],"nextCursor":null}')
      await makeAll(api, named(...Array.from({ length: 23 }, (_, at) => `t${at}`)))
      await api.make({}, { as: 'bob' })
      const first = await page(api)
      expect([first.items.length, typeof first.nextCursor]).to.deep.equal([20, 'string'])
      const second = await page(api, `?cursor=${first.nextCursor}`)
      expect([second.items.length, second.nextCursor]).to.deep.equal([3, null])
      for (const [limit, count] of [
        [1, 1],
        [22, 22],
        [23, 23],
        [100, 23],
      ] as const)
        expect((await page(api, `?limit=${limit}`)).items, String(limit)).to.have.length(count)
      expect((await page(api, '?limit=23')).nextCursor).to.equal(null)
    }),
  )

  it(
    'LIST-02 links to the next page, with every other parameter as it was',
    serving({}, async (api) => {
      await makeAll(
        api,
        named('a b', 'a b c', 'a b d', 'x').map((task) => ({ ...task, tags: ['é & ü'] })),
      )
      const seen: string[] = []
      let path = `/api/tasks?limit=1&q=a+b&tag=${encodeURIComponent('é & ü')}&sort=-title&timeZone=Asia/Karachi`
      for (;;) {
        const { body, headers } = await api.get(path)
        const { items, nextCursor }: Page = JSON.parse(body)
        seen.push(...items.map(({ title }) => title))
        const [, link] = /^<(\/api\/tasks\?[!-~]+)>; rel="next"$/.exec(headers['link'] ?? '') ?? []
        expect(link === undefined).to.equal(nextCursor === null)
        if (link === undefined) break
        expect(new URL(link, 'http://a').searchParams.get('cursor')).to.equal(nextCursor)
        path = link
      }
      expect(seen).to.deep.equal(['a b d', 'a b c', 'a b'])
    }),
  )

  it(
    'LIST-03 what is unknown, repeated, without a value or breaks its rule is 400, here and on every other route',
    serving({}, async (api) => {
      const { path } = await api.make()
      for (const query of [
        ...[
          'abc',
          '',
          '1.5',
          '1e1',
          '0x10',
          '%D9%A5',
          'NaN',
          'Infinity',
          '010',
          '10px',
          '-1',
          '+1',
          '0',
          '101',
          '2147483648',
          '9'.repeat(30),
          '%201',
          '1%20',
          '1;cursor=x',
        ].map((limit) => `limit=${limit}`),
        'limit=1&limit=2',
        'limit=1&limit=1',
        'limit',
        'limit%5B%5D=1',
        'limit[$gt]=1',
        'Limit=1',
        'statsu=done',
        '__proto__=x',
        '__proto__[x]=1',
        'constructor=1',
        'toString=1',
        '$or[0][id]=1',
        'populate=owner',
        'fields=*',
        'page=0',
        'offset=1',
        '=1',
        '&limit=1',
        'limit=1&',
        'limit=1&&sort=due',
        'status=doing',
        'status=todo,',
        'status=,',
        'status=Todo',
        'status=todo&status=done',
        'status%5B%24ne%5D=done',
        'priority=highest',
        'tag=',
        'tag=a,,b',
        `tag=${'x'.repeat(51)}`,
        'tag=a%0Ab',
        `tag=${Array.from({ length: 21 }, (_, at) => at).join()}`,
        'sort=nope',
        'sort=',
        'sort=-',
        'sort=--title',
        'sort=title,due',
        'sort=title%20desc',
        'sort=Title',
        'q=',
        'q=%20',
        `q=${'a'.repeat(201)}`,
        'q=a+b+c+d+e+f+g+h+i+j+k',
        'q=%',
        'q=%E0%A4%A',
        'q=%C0%AF',
        'q=a%00b',
        'q%00=a',
        '%zz=1',
        'dueBefore=notadate',
        'dueAfter=2026-02-30',
        'dueAfter=2026-01-01T00:00:00',
        'dueAfter=2026-01-01T00:00:00+05:00',
        'timeZone=Nowhere/None',
        'timeZone=%2B05:00',
        'timeZone=',
      ]) {
        expect(problemIn(await api.get(`/api/tasks?${query}`)), query.slice(0, 80)).to.equal('malformed-query')
      }
      for (const [method, on] of [
        ['GET', path],
        ['POST', '/api/tasks'],
        ['PUT', path],
        ['PATCH', path],
        ['DELETE', path],
        ['PUT', `${path}/completion`],
        ['DELETE', `${path}/completion`],
      ] as const) {
        expect(problemIn(await api.ask(method, `${on}?limit=1`)), `${method} ${on}`).to.equal('malformed-query')
      }
      for (const query of [
        '',
        'limit=1',
        'limit=100',
        'q=%0d%0aSet-Cookie:%20x=1',
        `q=${'%F0%9F%98%80'.repeat(200)}`,
        'dueAfter=2026-01-01T00:00:00%2B05:00',
      ]) {
        const answer = await api.get(`/api/tasks?${query}`)
        expect([answer.status, answer.headers['set-cookie']], query.slice(0, 80)).to.deep.equal([200, undefined])
      }
    }),
  )

  it(
    'LIST-04 asks for any status, any priority, and all tags, exactly',
    serving({}, async (api) => {
      await makeAll(api, [
        { title: 'a', status: 'todo', priority: 'low', tags: ['x'] },
        { title: 'b', status: 'done', priority: 'high', tags: ['x', 'y'] },
        { title: 'c', status: 'cancelled', priority: 'urgent', tags: ['X', 'xy'] },
      ])
      for (const [query, found] of [
        ['status=todo,done', 'ab'],
        ['status=done', 'b'],
        ['status=done,done', 'b'],
        ['status=in_progress', ''],
        ['priority=low,urgent', 'ac'],
        ['status=todo&priority=high', ''],
        ['tag=x', 'ab'],
        ['tag=x,y', 'b'],
        ['tag=y,x,x', 'b'],
        ['tag=x%2Cy', 'b'],
        ['tag=X', 'c'],
        ['tag=%20x%20', 'ab'],
      ] as const) {
        expect((await titles(api, `?sort=title&${query}`)).join(''), query).to.equal(found)
      }
    }),
  )

  it(
    'LIST-05 LIST-06 LIST-08 sorts by each field either way, no due date last, ties by id in the same direction',
    serving({}, async (api) => {
      const tasks = [
        { title: 'b', priority: 'high', due: '2026-11-30' },
        { title: 'A', priority: 'none', due: '2026-11-30T23:59:59.998Z' },
        { title: 'c', priority: 'urgent', due: null },
        { title: 'Ä', priority: 'high', due: '2026-12-01T04:59:59+05:00' },
        { title: '😀', priority: 'low', due: '2026-12-01T00:00:00Z' },
        { title: '\ufffd', priority: 'low', due: null },
      ]
      await makeAll(api, tasks)
      const sorted = async (sort: string) => (await titles(api, `?sort=${sort}`)).join(' ')
      expect(await sorted('createdAt')).to.equal('b A c Ä 😀 \ufffd')
      expect(await sorted('-createdAt')).to.equal('\ufffd 😀 Ä c A b')
      expect(await titles(api, '')).to.deep.equal((await sorted('-createdAt')).split(' '))
      expect(await sorted('title')).to.equal('A b c Ä \ufffd 😀')
      expect(await sorted('-title')).to.equal('😀 \ufffd Ä c b A')
      expect(await sorted('priority')).to.equal('A 😀 \ufffd b Ä c')
      expect(await sorted('-priority')).to.equal('c Ä b \ufffd 😀 A')
      expect(await sorted('due')).to.equal('Ä A b 😀 c \ufffd')
      expect(await sorted('-due')).to.equal('😀 b A Ä \ufffd c')
      const [first] = (await page(api, '?sort=createdAt&limit=1')).items
      await api.patch(`/api/tasks/${first?.id}`, { description: 'x' })
      expect(await sorted('-updatedAt')).to.equal('b \ufffd 😀 Ä c A')
    }),
  )

  it(
    'LIST-08 titles sort by what is left when letter case is set aside, also where that is another length',
    serving({}, async (api) => {
      await makeAll(api, [{ title: 'STRASSEb' }, { title: 'straßea' }, { title: 'Straßec' }])
      expect(await titles(api, '?sort=title')).to.deep.equal(['straßea', 'STRASSEb', 'Straßec'])
    }),
  )

  it(
    'LIST-07 due filters are from and up to; days begin and end where the time zone says',
    serving({}, async (api) => {
      await makeAll(api, [
        { title: 'day', due: '2026-11-30' },
        { title: 'early', due: '2026-11-29T19:30:00Z' },
        { title: 'late', due: '2026-11-30T19:30:00Z' },
        { title: 'none', due: null },
      ])
      const found = async (query: string) => (await titles(api, `?sort=title&${query}`)).join(' ')
      expect(await found('dueAfter=2026-11-30')).to.equal('day late')
      expect(await found('dueBefore=2026-11-30')).to.equal('early')
      expect(await found('dueAfter=2026-11-30&dueBefore=2026-12-01')).to.equal('day late')
      expect(await found('dueAfter=2026-11-30&dueBefore=2026-12-01&timeZone=Asia/Karachi')).to.equal('day early')
      expect(await found('dueAfter=2026-11-30T19:30:00Z')).to.equal('day late')
      expect(await found('dueBefore=2026-11-30T19:30:00Z')).to.equal('early')
      expect(await found('dueAfter=2026-12-01T04:00:00%2B05:00&timeZone=Asia/Karachi')).to.equal('')
      expect(await found('dueAfter=0001-01-01')).to.equal('day early late')
    }),
  )

  it(
    'LIST-09 finds every word in title or description, letter case aside, and no character means anything else',
    serving({}, async (api) => {
      await makeAll(api, [
        { title: 'Launch page', description: 'Ask AMNA for 100% of it' },
        { title: 'launch_pad', description: "it's \\ done" },
        { title: 'Straße', description: '' },
      ])
      for (const [q, found] of [
        ['launch', ['Launch page', 'launch_pad']],
        ['LAUNCH amna', ['Launch page']],
        ['aunc pag', ['Launch page']],
        ['%', ['Launch page']],
        ['_', ['launch_pad']],
        ["'", ['launch_pad']],
        ['\\', ['launch_pad']],
        ['pageAsk', []],
        ["' OR '1'='1", []],
        ['& | ! <-> :*', []],
        ['(a+)+$', []],
        ['STRASSE', ['Straße']],
        [' launch \t page ', ['Launch page']],
      ] as const) {
        expect(await titles(api, `?sort=title&q=${encodeURIComponent(q)}`), q).to.deep.equal(found)
      }
    }),
  )

  it('LIST-10 a cursor serves its owner, filter and sort, also after a restart, and nothing else', async () => {
    const ports = portsOver(createMemoryStore())
    let cursor = ''
    await serving({ ports }, async (api) => {
      await makeAll(api, named('secret a', 'secret b', 'secret c'))
      await api.make({}, { as: 'bob' })
      await api.make({}, { as: 'bob' })
      cursor = (await page(api, '?limit=1&sort=title')).nextCursor ?? ''
      expect(Buffer.from(cursor, 'base64url').toString('latin1')).to.not.match(/secret|title/)
      expect((await page(api, '?limit=1&sort=title')).nextCursor).to.not.equal(cursor)
      expect(await titles(api, `?sort=title&limit=2&cursor=${cursor}`)).to.deep.equal(['secret b', 'secret c'])
      expect(problemIn(await api.get(`/api/tasks?sort=title&cursor=${cursor}`, { as: 'bob' }))).to.equal('invalid-cursor')
      const bobs = (await page(api, '?limit=1&sort=title', 'bob')).nextCursor
      for (const query of [
        `cursor=${cursor}`,
        `sort=-title&cursor=${cursor}`,
        `sort=title&status=todo&cursor=${cursor}`,
        `sort=title&q=secret&cursor=${cursor}`,
        `sort=title&cursor=${bobs}`,
        'sort=title&cursor=',
        'sort=title&cursor',
        'sort=title&cursor=!!!!',
        'sort=title&cursor=eyJpZCI6IjAifQ',
        'sort=title&cursor=JyBPUiAxPTEtLQ',
        `sort=title&cursor=${cursor}=`,
        `sort=title&cursor=${cursor}A`,
        `sort=title&cursor=${cursor.slice(0, -4)}`,
        `sort=title&cursor=${'A'.repeat(2000)}`,
        ...Array.from(cursor, (_, at) => `sort=title&cursor=${cursor.slice(0, at)}${cursor[at] === 'A' ? 'B' : 'A'}${cursor.slice(at + 1)}`),
      ]) {
        expect(problemIn(await api.get(`/api/tasks?${query}`)), query).to.equal('invalid-cursor')
      }
      expect(problemIn(await api.get(`/api/tasks?sort=title&cursor=${cursor}&cursor=${cursor}`))).to.equal('malformed-query')
      const { nextCursor } = await page(api, '?limit=1&status=todo,done&priority=none,low')
      expect(await titles(api, `?priority=low,none&cursor=${nextCursor}&status=done,todo,done`), 'the same filter').to.deep.equal(['secret b', 'secret a'])
    })()
    const restarted = (secret: Uint8Array, look: (api: Client) => Promise<void>) => serving({ ports, secret }, look)()
    await restarted(SECRET, async (api) => {
      expect(await titles(api, `?sort=title&cursor=${cursor}`)).to.deep.equal(['secret b', 'secret c'])
    })
    await restarted(new Uint8Array(32).fill(8), async (api) => {
      expect(problemIn(await api.get(`/api/tasks?sort=title&cursor=${cursor}`))).to.equal('invalid-cursor')
    })
  })

  /** One walk through pages of three, while tasks are added on every page and two change or go after the first. */
  async function walk(api: Client, sort: string): Promise<{ readonly stayed: readonly string[]; readonly seen: readonly string[] }> {
    const owner = { as: `owner of ${sort}` }
    const made: { readonly path: string; readonly id: string }[] = []
    for (let at = 0; at < 12; at++)
      made.push(await api.make({ title: `t${at % 3}`, due: at % 2 ? `2026-11-${10 + at}` : null, priority: at % 2 ? 'low' : 'high' }, owner))
    const [goes, changes] = made.splice(5, 2)
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null && seen.length < 60; ) {
      const { items, nextCursor }: Page = await page(api, `?limit=3&sort=${sort}${cursor && `&cursor=${cursor}`}`, owner.as)
      if (seen.length === 0) {
        await api.delete(goes?.path ?? '', owner)
        await api.patch(changes?.path ?? '', { title: 't9', due: '2026-12-31', priority: 'urgent' }, owner)
      }
      await api.make({ title: 't1' }, owner)
      seen.push(...items.map(({ id }) => id))
      cursor = nextCursor
    }
    return { stayed: made.map(({ id }) => id), seen }
  }

  it(
    'LIST-11 a walk sees every task that stays, once, while others come, change and go',
    serving({}, async (api) => {
      for (const sort of ['createdAt', '-createdAt', 'title', '-title', 'due', '-due', 'priority', '-priority']) {
        const { stayed, seen } = await walk(api, sort)
        expect(
          stayed.map((id) => seen.filter((one) => one === id).length),
          sort,
        ).to.deep.equal(stayed.map(() => 1))
      }
    }),
  )
})
