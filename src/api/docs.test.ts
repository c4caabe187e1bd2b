import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { type Answer, ask } from '../../test/caller.ts'
import { engines } from '../../test/databases.ts'
import { startTestServer, type TestServer } from '../../test/support.ts'

const [sqlite] = engines
assert(sqlite)
let server: TestServer
const get = (path: string): Promise<Answer> => ask(server.url + path)

before(async () => {
  server = await startTestServer(sqlite)
})
after(() => server.close())

test('/llms.txt has a title, a summary, and links that all lead somewhere', async () => {
  const { text, headers } = await get('/llms.txt')
  assert.equal(headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.match(text, /^# directotp\n\n> \S/)
  const links = [...text.matchAll(/^- \[[^\]]+\]\((\S+)\)/gm)].map(([, link = '']) => link)
  assert(links.includes(`${server.url}/docs/wire.md`))
  for (const link of links) assert.equal((await ask(link)).status, 200, link)
})

test('papers are Markdown, and lead to each other where they are served', async () => {
  const { text } = await get('/llms.txt')
  const papers = [...text.matchAll(/\((\S+\.md)\)/g)].map(([, link = '']) => link)
  for (const name of ['README', 'wire', 'testing', 'sdk/README']) {
    assert(papers.includes(`${server.url}/docs/${name}.md`), name)
  }
  assert(papers.some((link) => link.includes('/docs/decisions/0001-')))
  for (const link of papers) {
    const paper = await ask(link)
    assert.equal(paper.headers.get('content-type'), 'text/markdown; charset=utf-8')
    assert.match(paper.text, /^# /)
    for (const [, to = ''] of paper.text.matchAll(/\]\((?!\w+:|#)([^)#]+)[^)]*\)/g)) {
      assert.equal((await ask(new URL(to, link).href)).status, 200, `${link} leads to ${to}`)
    }
  }
})

test('the page of the document loads only what this server has, and nothing inline', async () => {
  const { text, headers } = await get('/docs')
  assert.equal(headers.get('content-type'), 'text/html; charset=utf-8')
  const policy = headers.get('content-security-policy') ?? ''
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.doesNotMatch(policy, /unsafe|https?:|\*/)
  assert.doesNotMatch(text, /<script>|<style|\son\w+=/)
  for (const [, path = ''] of text.matchAll(/(?:src|href)="([^"]+)"/g)) {
    assert.equal((await get(path)).status, 200, path)
  }
  const { text: document } = await get('/openapi.json')
  assert.equal((await get('/docs/json')).text, document)
})

test('nothing else of the project is there, by whatever path', async () => {
  const wrong = [
    '/docs/package.json',
    '/docs/wire',
    '/docs/STYLE.md',
    '/docs/docs/wire.md',
    '/docs/..%2fSTYLE.md',
    '/docs/%2e%2e%2fsrc%2fmain.ts',
    '/docs/static/none.js',
    '/docs/static/..%2f..%2fpackage.json',
    '/docs/static/%2e%2e%2fpackage.json',
  ]
  const shape = ({ status, body }: Answer) => [status, body['error_code'], Object.keys(body)]
  const nowhere = await get('/nowhere')
  assert.equal(nowhere.status, 404)
  for (const path of wrong) assert.deepEqual(shape(await get(path)), shape(nowhere), path)
  // `fetch` tidies such a path up before it sends it.
  assert.equal(await statusOfRaw('/docs/static/../../package.json'), 404)
})

async function statusOfRaw(path: string): Promise<number | undefined> {
  const { hostname: host, port } = new URL(server.url)
  const [answer] = await once(request({ host, port, path }).end(), 'response')
  answer.resume()
  return answer.statusCode
}

test('with DOCS=off there is none of it; the document stays', async (t) => {
  const bare = await startTestServer(sqlite, { DOCS: 'off' })
  t.after(() => bare.close())
  for (const path of ['/docs', '/docs/json', '/docs/wire.md', '/llms.txt']) {
    assert.equal((await ask(bare.url + path)).status, 404, path)
  }
  assert.equal((await ask(`${bare.url}/openapi.json`)).status, 200)
})
