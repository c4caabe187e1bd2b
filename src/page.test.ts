import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { html, page } from './page.ts'

test('texts are escaped, in elements and in quoted attributes; HTML stays', () => {
  const bad = `"><script>alert('1')</script>&`
  const shown = html`<p title="${bad}">${bad}${html`<b>${'ok'}</b>`}${[html`<i></i>`]}</p>`
  assert(!shown.text.includes('<script>'))
  assert(!shown.text.includes(`"><`))
  assert(shown.text.includes('&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;'))
  assert(shown.text.endsWith('<b>ok</b><i></i></p>'))
})

test('a page allows its own style and nothing else', () => {
  const { body, headers } = page({ title: '<T>', body: html`<p>x</p>`, formsLeadTo: "'self'" })
  const style = /<style>([\s\S]*)<\/style>/.exec(body)?.[1] ?? ''
  const digest = createHash('sha256').update(style).digest('base64')
  const policy = headers['content-security-policy']
  assert.equal(
    policy,
    `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; ` +
      "frame-ancestors 'none'; form-action 'self'",
  )
  assert(body.includes('<title>&lt;T&gt;</title>'))
  assert(!body.includes('http-equiv'))
  assert(page({ title: '', body: html``, refreshSeconds: 3 }).body.includes('content="3"'))
})

test('a page that sends its form by itself runs this one script, and has no other', () => {
  const form = html`<form><input name="submit"><button>Go</button></form>`
  const { body, headers } = page({ title: '', body: form, sendsItself: true })
  const script = /<script>([\s\S]*)<\/script><\/body>/.exec(body)?.[1] ?? ''
  const digest = createHash('sha256').update(script).digest('base64')
  const policy = headers['content-security-policy'] ?? ''
  assert(policy.includes(`; script-src 'sha256-${digest}';`))
  assert.doesNotMatch(policy, /form-action|unsafe/)
  const [sent]: unknown[] = runInNewContext(
    `class HTMLFormElement { submit() { sent.push('the form') } }
     const form = new HTMLFormElement()
     form.submit = 'an input of this name hides it'
     const sent = [], document = { forms: [form] }
     ${script}; sent`,
  )
  assert.equal(sent, 'the form')
  assert(!page({ title: '', body: form }).body.includes('<script>'))
})
