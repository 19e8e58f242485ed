import { expect } from 'chai'
import { describe, it } from 'mocha'
import { answersIn, problemIn, serving, tokenOf } from './client.ts'

const TYPE = { 'Content-Type': 'application/json' }

describe('bodies and types', () => {
  it(
    'HTTP-17 a body wants its type, in UTF-8 and without a content coding',
    serving({}, async (api) => {
      const send = async (headers: Record<string, string>) => problemIn(await api.post('/api/tasks', '{"title":"x"}', { headers }))
      for (const type of [
        'application/json',
        'Application/JSON',
        'application/json; charset=utf-8',
        'application/json;charset="UTF-8"',
        'application/json; indent=2',
        ' application/json ',
        'application/json;',
        'application/json; ; charset=utf-8 ;',
      ]) {
        expect(await send({ 'Content-Type': type }), type).to.equal(201)
      }
      for (const type of [
        '',
        '////',
        `application/json${' ;'.repeat(2000)} x`,
        'application',
        'application/json, text/plain',
        'application/json; charset',
        'application/json; charset=utf-16',
        'application/json; charset=utf-8; charset=utf-8',
        'application/jsonx',
        'application/problem+json',
        'application/merge-patch+json',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'text/plain',
        'text/json',
      ]) {
        expect(await send({ 'Content-Type': type }), type).to.equal('unsupported-media-type')
      }
      expect(await send({}), 'none').to.equal('unsupported-media-type')
      for (const coding of ['gzip', 'br', 'deflate', 'zstd', 'identity, gzip', 'x']) {
        expect(await send({ ...TYPE, 'Content-Encoding': coding }), coding).to.equal('unsupported-media-type')
      }
      expect(await send({ ...TYPE, 'Content-Encoding': 'identity' })).to.equal(201)
    }),
  )

  it(
    'HTTP-17 a patch may also be a merge patch, and what it may be is told',
    serving({}, async (api) => {
      const { path } = await api.make()
      for (const type of ['application/merge-patch+json', 'application/json', 'application/merge-patch+json; charset=utf-8']) {
        expect((await api.patch(path, '{}', { headers: { 'Content-Type': type } })).status, type).to.equal(200)
      }
      for (const headers of [
        { 'Content-Type': 'application/json-patch+json' },
        { 'Content-Type': 'text/plain' },
        { ...TYPE, 'Content-Encoding': 'gzip' },
        {},
      ]) {
        const answer = await api.patch(path, '[]', { headers })
        expect([problemIn(answer), answer.headers['accept-patch']]).to.deep.equal(['unsupported-media-type', 'application/merge-patch+json, application/json'])
      }
    }),
  )

  it(
    'HTTP-18 a body over 102,400 bytes is 413, announced or not, before any limit of a field',
    serving({}, async (api) => {
      const { path } = await api.make()
      const long = (bytes: number): string => `{"title":"x","description":"${'d'.repeat(bytes - 31)}"}`.padEnd(bytes)
      expect(problemIn(await api.post('/api/tasks', long(102_401), { headers: TYPE }))).to.equal('body-too-large')
      expect(problemIn(await api.post('/api/tasks', long(102_400), { headers: TYPE }))).to.equal('validation')
      expect(problemIn(await api.post('/api/tasks', `${' '.repeat(102_380)}{"title":"x"}`, { headers: TYPE }))).to.equal(201)
      expect(problemIn(await api.put(path, long(200_000), { headers: TYPE }))).to.equal('body-too-large')
      expect(problemIn(await api.patch(path, long(2_000_000), { headers: TYPE }))).to.equal('body-too-large')
      const chunked = (bytes: number): string =>
        `POST /api/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokenOf('ada')}\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${long(bytes)}\r\n0\r\n\r\n`
      expect(answersIn(await api.raw(chunked(102_401))).map(problemIn)).to.deep.equal(['body-too-large'])
      expect(answersIn(await api.raw(chunked(102_400))).map(problemIn)).to.deep.equal(['validation'])
    }),
  )

  it(
    'HTTP-19 what is no JSON text, holds a member twice at any depth or is nested over 64 levels deep is 422 malformed-json',
    serving({}, async (api) => {
      const { path } = await api.make()
      for (const text of [
        '',
        '  \n ',
        '{title:"x"}',
        "{'title':'x'}",
        '{"title":"x",}',
        '{"title":"x"}{"title":"y"}',
        '{"title":"x"}\n{"title":"y"}',
        '{"title":"x","a":NaN}',
        '{"title":"x","a":01}',
        '{"title":"x","a":0x1}',
        '{"title":"a\tb"}',
        '{"title":"\\u12"}',
        '\ufeff{"title":"x"}',
        'undefined',
        ')]}\',\n{"title":"x"}',
        '{"title":"a","title":"b"}',
        '{"title":"a","\\u0074itle":"a"}',
        '{"title":"a","a":{"b":[{"c":1,"c":1}]}}',
        `{"title":"x","a":${'['.repeat(64)}${']'.repeat(64)}}`,
        `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
        `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
      ]) {
        expect(problemIn(await api.post('/api/tasks', text, { headers: TYPE })), text.slice(0, 40)).to.equal('malformed-json')
        expect(problemIn(await api.patch(path, text, { headers: TYPE })), text.slice(0, 40)).to.equal('malformed-json')
      }
      for (const bytes of [
        Buffer.from('{"title":"\xff"}', 'latin1'),
        Buffer.from('{"title":"\xed\xa0\x80"}', 'latin1'),
        Buffer.from('{"title":"x"}', 'utf16le'),
      ]) {
        expect(problemIn(await api.post('/api/tasks', bytes, { headers: TYPE }))).to.equal('malformed-json')
      }
      const deepest = `{"title":"x","a":${'['.repeat(63)}${']'.repeat(63)}}`
      expect(problemIn(await api.post('/api/tasks', deepest, { headers: TYPE }))).to.equal('validation')
      expect(JSON.parse((await api.get('/api/tasks')).body).items).to.have.length(1)
    }),
  )

  it(
    'HTTP-20 a request that needs no body needs no type, and a body it brings is dropped',
    serving({}, async (api) => {
      const { path } = await api.make()
      expect((await api.put(`${path}/completion`, undefined)).status).to.equal(200)
      expect(
        (await api.put(`${path}/completion`, '{"status":"todo"}', { headers: { 'Content-Type': 'text/html', 'Content-Encoding': 'gzip' } })).status,
      ).to.equal(200)
      expect((await api.ask('GET', path, { body: '{' })).status).to.equal(200)
      expect(JSON.parse((await api.get(path)).body).status).to.equal('done')
      expect((await api.ask('DELETE', path, { body: 'x'.repeat(200_000) })).status).to.equal(204)
    }),
  )

  it(
    'HTTP-21 an Accept that leaves no room is 406, and an answer without a body is always acceptable',
    serving({}, async (api) => {
      const { path } = await api.make()
      const accepting = async (accept: string, method = 'GET', on = '/api/tasks') => problemIn(await api.ask(method, on, { headers: { Accept: accept } }))
      for (const accept of [
        '',
        '*/*',
        'application/*',
        'application/json',
        'application/json; charset=utf-8',
        'text/html, application/json;q=0.1',
        `${'a/b,'.repeat(1600)}application/json`,
      ]) {
        expect(await accepting(accept), accept.slice(0, 60)).to.equal(200)
      }
      for (const accept of ['text/html', 'application/xml;q=1, */*;q=0', 'application/json;q=0', 'application/problem+json', 'nonsense']) {
        expect(await accepting(accept), accept).to.equal('not-acceptable')
        for (const [method, on] of [
          ['GET', path],
          ['PUT', path],
          ['PATCH', path],
          ['POST', '/api/tasks'],
          ['PUT', `${path}/completion`],
        ] as const) {
          expect(await accepting(accept, method, on), `${method} ${on} ${accept}`).to.equal('not-acceptable')
        }
      }
      expect(await accepting('application/json', 'GET', '/api/docs')).to.equal('not-acceptable')
      expect(await accepting('text/html', 'GET', '/api/docs')).to.equal(200)
      expect(await accepting('text/html', 'GET', '/api/health/live')).to.equal('not-acceptable')
      for (const on of ['/api/health/live', '/api/health/ready', '/api/openapi.json'])
        expect(await accepting('application/json;charset=UTF-8', 'GET', on), on).to.equal(200)
      for (const on of ['/api/docs', '/api/problems/not-found']) expect(await accepting('text/html; charset=utf-8', 'GET', on), on).to.equal(200)
      const unseen = { as: tokenOf('ada', 'tasks:write'), headers: { Accept: 'text/html' } }
      expect((await api.put(`${path}/completion`, undefined, unseen)).status).to.equal(204)
      expect(await accepting('text/html', 'DELETE', path)).to.equal(204)
    }),
  )
})
