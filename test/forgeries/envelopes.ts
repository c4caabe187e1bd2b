import { generateKeyPairSync, sign } from 'node:crypto'
import { named, outerParts, pemOf, post, sealed } from '../sealer.ts'
import {
  type Forge,
  flipped,
  forged,
  type Header,
  headersOf,
  hs256,
  inParts,
  jwe,
  rs256,
  signedBy,
  type Wrong,
} from './forge.ts'

/** A forged envelope: the body that is sent, made anew each time. */
export type Forgery = (forge: Forge) => object | Promise<object>

/** A wrong header of the JWS, of the JWE, or of both. */
function inner(more: Header, rest: Wrong = {}): Forgery {
  return (forge) =>
    inParts(forged(forge, { ...rest, inner: { ...headersOf(forge.ours).inner, ...more } }))
}

function outer(more: Header): Forgery {
  return (forge) => inParts(forged(forge, { outer: { ...headersOf(forge.ours).outer, ...more } }))
}

function both(kid: (forge: Forge) => unknown): Forgery {
  return (forge) => {
    const headers = headersOf(forge.ours)
    const more = { kid: kid(forge) }
    const wrong = { inner: { ...headers.inner, ...more }, outer: { ...headers.outer, ...more } }
    return inParts(forged(forge, wrong))
  }
}

/** A right envelope with its parts changed. */
function cut(change: (parts: Record<string, string>) => object): Forgery {
  return (forge) => change({ ...inParts(forged(forge)) })
}

function signed(by: (forge: Forge) => (text: string) => Buffer, alg?: string): Forgery {
  return (forge) => {
    const { inner: right } = headersOf(forge.ours)
    const header = alg === undefined ? right : { ...right, alg }
    return inParts(forged(forge, { inner: header, signed: by(forge) }))
  }
}

const unsigned = () => Buffer.alloc(0)
const algorithm = 'alg in the JWS'

const wrongSignatures: Readonly<Record<string, Forgery>> = {
  [`none as ${algorithm}, nothing signed`]: signed(() => unsigned, 'none'),
  [`none as ${algorithm}, rightly signed`]: signed(({ ours }) => rs256(ours.own), 'none'),
  [`NONE as ${algorithm}`]: signed(() => unsigned, 'NONE'),
  [`nOnE as ${algorithm}`]: signed(() => unsigned, 'nOnE'),
  [`no ${algorithm}`]: inner({ alg: undefined }),
  [`a list as ${algorithm}`]: inner({ alg: ['RS256'] }),
  [`an object as ${algorithm}`]: inner({ alg: { RS256: 1 } }),
  'HS256 with our public key as PEM': signed(({ ours }) => hs256(pemOf(ours.ownPublic)), 'HS256'),
  'HS256 with the key of the server as PEM': signed(
    ({ ours }) => hs256(pemOf(ours.server)),
    'HS256',
  ),
  'HS256 with our public key as DER': signed(
    ({ ours }) => hs256(ours.ownPublic.export({ type: 'spki', format: 'der' })),
    'HS256',
  ),
  'HS256 with an empty secret': signed(() => hs256(''), 'HS256'),
  'HS256 under the name RS256': signed(({ ours }) => hs256(pemOf(ours.ownPublic))),
  RS384: signed(({ ours }) => rs256(ours.own, 'sha384'), 'RS384'),
  RS512: signed(({ ours }) => rs256(ours.own, 'sha512'), 'RS512'),
  PS256: signed(
    ({ ours }) =>
      (text) =>
        sign('sha256', Buffer.from(text), { key: ours.own, padding: 6, saltLength: 32 }),
    'PS256',
  ),
  'ES256 with a key of the forger': signed(
    () => rs256(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
    'ES256',
  ),
  'nothing signed under RS256': signed(() => unsigned),
  'signed by another merchant': signed(({ theirs }) => rs256(theirs.own)),
  'signed with another key of the merchant': signed(({ second }) => rs256(second.own)),
  'signature of another payload': signed(
    ({ ours }) =>
      (text) =>
        rs256(ours.own)(`${text}x`),
  ),
  'an answer of the server sent back to it': async ({ ours }) => {
    const { body } = await post(ours, '/v4/order-status', await sealed(ours, { order_id: 'x' }))
    return body
  },
}

const wrongEncryption: Readonly<Record<string, Forgery>> = {
  'none as alg of the JWE': outer({ alg: 'none' }),
  'dir as alg of the JWE': outer({ alg: 'dir' }),
  'RSA1_5 as alg of the JWE': outer({ alg: 'RSA1_5' }),
  'RSA-OAEP-512 as alg of the JWE': outer({ alg: 'RSA-OAEP-512' }),
  'RSA-OAEP-256 named, RSA-OAEP done': outer({ alg: 'RSA-OAEP-256' }),
  'A256KW as alg of the JWE': outer({ alg: 'A256KW' }),
  'PBES2 as alg of the JWE, a billion times': outer({
    alg: 'PBES2-HS256+A128KW',
    p2s: 'c2FsdA',
    p2c: 1_000_000_000,
  }),
  'ECDH-ES as alg of the JWE': outer({ alg: 'ECDH-ES', epk: { kty: 'EC', crv: 'P-256' } }),
  'no alg in the JWE': outer({ alg: undefined }),
  'A128GCM as enc': outer({ enc: 'A128GCM' }),
  'A192GCM as enc': outer({ enc: 'A192GCM' }),
  'A256CBC-HS512 as enc': outer({ enc: 'A256CBC-HS512' }),
  'no enc': outer({ enc: undefined }),
  'encrypted for another merchant’s key': (forge) =>
    inParts(forged(forge, { to: forge.theirs.server })),
  'encrypted for another key of the merchant': (forge) =>
    inParts(forged(forge, { to: forge.second.server })),
  'encrypted for the merchant itself': (forge) =>
    inParts(forged(forge, { to: forge.ours.ownPublic })),
}

const wrongKids: Readonly<Record<string, Forgery>> = {
  'a path as kid': both(() => '../../../../etc/passwd'),
  'a device as kid': both(() => '/dev/null'),
  'a path behind the kid': both(({ ours }) => `${ours.kid}/../x`),
  'SQL as kid': both(() => "key_' or '1'='1"),
  'a URL as kid': both(() => 'https://evil.example/key.pem'),
  'U+0000 in the kid': both(({ ours }) => `${ours.kid}\0`),
  'a space behind the kid': both(({ ours }) => `${ours.kid} `),
  'the kid in capitals': both(({ ours }) => ours.kid.toUpperCase()),
  'a number as kid': both(() => 1),
  'no kid at all': both(() => undefined),
  'a kid that nobody has': both(() => `key_${'0'.repeat(32)}`),
  'another merchant’s kid': both(({ theirs }) => theirs.kid),
  'a revoked key': async ({ revoked, claims }) => sealed(revoked, claims()),
  'another merchant’s whole envelope': async ({ theirs, claims }) => sealed(theirs, claims()),
  'no kid in the JWE': outer({ kid: undefined }),
  'no kid in the JWS': inner({ kid: undefined }),
  'another key in the JWS': (forge) => inner({ kid: forge.second.kid })(forge),
  'another key in the JWE': (forge) => outer({ kid: forge.second.kid })(forge),
  'the headers swapped': (forge) => {
    const { inner: first, outer: last } = headersOf(forge.ours)
    return inParts(forged(forge, { inner: last, outer: first }))
  },
  'the kid twice': (forge) => {
    const header = JSON.stringify(headersOf(forge.ours).outer)
    const twice = header.replace('{', `{"kid":"${forge.second.kid}",`)
    return inParts(forged(forge, { outer: twice }))
  },
  'a header that is no object': (forge) => inParts(forged(forge, { outer: '"RSA-OAEP"' })),
  'a header that is no JSON': (forge) => inParts(forged(forge, { outer: '{' })),
}

const foreignKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
const broughtKeys: Header = {
  jku: 'https://evil.example/jwks.json',
  x5u: 'https://evil.example/cert.pem',
  jwk: foreignKey.publicKey.export({ format: 'jwk' }),
  x5c: ['MIIB'],
  crit: ['exp'],
  zip: 'DEF',
  b64: false,
}

const wrongHeaders: Readonly<Record<string, Forgery>> = Object.fromEntries(
  Object.entries(broughtKeys).flatMap(([name, value]) => [
    [`${name} in the JWE`, outer({ [name]: value })],
    [`${name} in the JWS`, inner({ [name]: value })],
    [
      `${name} in the JWS, signed by what it brings`,
      inner({ [name]: value }, { signed: rs256(foreignKey.privateKey) }),
    ],
  ]),
)

const wrongParts: Readonly<Record<string, Forgery>> = {
  ...Object.fromEntries(
    outerParts.flatMap((name) => [
      [`a byte flipped in ${name}`, cut((all) => ({ ...all, [name]: flipped(all[name] ?? '') }))],
      [`${name} missing`, cut(({ [name]: _gone, ...rest }) => rest)],
      [`${name} empty`, cut((all) => ({ ...all, [name]: '' }))],
      [`${name} padded`, cut((all) => ({ ...all, [name]: `${all[name]}=` }))],
      [`a space in ${name}`, cut((all) => ({ ...all, [name]: `${all[name]} ` }))],
      [`a dot in ${name}`, cut((all) => ({ ...all, [name]: `${all[name]}.` }))],
    ]),
  ),
  'the tag cut to 12 bytes': cut((all) => ({ ...all, tag: all['tag']?.slice(0, 16) })),
  'the tag cut to 4 bytes': cut((all) => ({ ...all, tag: `${all['tag']?.slice(0, 5)}A` })),
  'the iv cut to 8 bytes': cut((all) => ({ ...all, iv: `${all['iv']?.slice(0, 10)}A` })),
  'another spelling of the tag': cut((all) => ({ ...all, tag: respelt(all['tag'] ?? '') })),
  'another spelling of the key': cut((all) => ({
    ...all,
    encryptedKey: respelt(all['encryptedKey'] ?? ''),
  })),
  'a key more than the five': cut((all) => ({ ...all, protected: all['header'] })),
  'both framings at once': cut((all) => ({ ...all, JWT: Object.values(all).join('.') })),
  'no envelope': () => ({ unique_request_id: 'clear' }),
  'an empty object': () => ({}),
  'the names of RFC 7516': cut(({ header, encryptedKey, iv, encryptedPayload, tag }) => ({
    protected: header,
    encrypted_key: encryptedKey,
    iv,
    ciphertext: encryptedPayload,
    tag,
  })),
}

const wrongNesting: Readonly<Record<string, Forgery>> = {
  'a JWS alone': (forge) => ({ JWT: signedBy(forge) }),
  'four parts': (forge) => ({ JWT: forged(forge).split('.').slice(1).join('.') }),
  'six parts': (forge) => ({ JWT: `${forged(forge)}.AAAA` }),
  'an empty JWT': () => ({ JWT: '' }),
  'a JWS in parts inside of a compact JWE': (forge) => ({ JWT: forged(forge) }),
  'a compact JWS inside of the five parts': (forge) =>
    inParts(jwe(headersOf(forge.ours).outer, signedBy(forge), forge.ours.server)),
  'encrypted twice': (forge) => {
    const { ours } = forge
    return { JWT: jwe(headersOf(ours).outer, forged(forge), ours.server) }
  },
  'encrypted, and not signed': ({ ours, claims }) =>
    inParts(jwe(headersOf(ours).outer, JSON.stringify(claims()), ours.server)),
  'a JWS without its signature': (forge) => {
    const { payload = '', header = '' } = named(signedBy(forge), ['header', 'payload', 'signature'])
    const content = JSON.stringify({ header, payload })
    return inParts(jwe(headersOf(forge.ours).outer, content, forge.ours.server))
  },
  'a plaintext that is no JSON': ({ ours }) =>
    inParts(jwe(headersOf(ours).outer, 'garbage', ours.server)),
  'an empty plaintext': ({ ours }) => inParts(jwe(headersOf(ours).outer, '', ours.server)),
}

/** Claims that are rightly signed and encrypted, and are not to be acted upon. */
function saying(more: (forge: Forge) => object): Forgery {
  return (forge) => inParts(forged(forge, { claims: { ...forge.claims(), ...more(forge) } }))
}

const seconds = () => Math.floor(Date.now() / 1000)
const daySeconds = 24 * 60 * 60

const wrongClaims: Readonly<Record<string, Forgery>> = {
  'over for two minutes': saying(() => ({ exp: seconds() - 120 })),
  'over for years': saying(() => ({ exp: 1 })),
  'not yet valid': saying(() => ({ nbf: seconds() + 120 })),
  'made in the future': saying(() => ({ iat: seconds() + 120 })),
  'made eight days ago': saying(() => ({ iat: seconds() - 8 * daySeconds })),
  'an end that is no time': saying(() => ({ exp: 'tomorrow' })),
  'an end before 1970': saying(() => ({ exp: -1 })),
  'a beginning that is no time': saying(() => ({ nbf: true })),
  'another merchant in the claims': saying(({ theirs }) => ({
    merchant_id: theirs.caller.merchant,
  })),
  'two merchants in the claims': saying(({ ours, theirs }) => ({
    merchant_id: `${ours.caller.merchant},${theirs.caller.merchant}`,
  })),
}

/** Refused as a key that is wrong is refused, one body for all. */
export const denied: Readonly<Record<string, Forgery>> = {
  ...wrongSignatures,
  ...wrongEncryption,
  ...wrongKids,
  ...wrongHeaders,
  ...wrongParts,
  ...wrongNesting,
  ...wrongClaims,
}

function claiming(claims: string): Forgery {
  return (forge) => inParts(forged(forge, { claims }))
}

/** What the right merchant wrote wrongly: refused as the same body in clear is. */
export const malformed: Readonly<Record<string, Forgery>> = {
  'a claim twice': claiming('{"unique_request_id":"a","unique_request_id":"b"}'),
  'a claim twice, once dotted': claiming('{"metadata":{"a":"1"},"metadata.a":"2"}'),
  '__proto__ as a claim': claiming('{"__proto__":{"amount":"1"}}'),
  'constructor as a claim': claiming('{"constructor":{"prototype":{}}}'),
  'a list of claims': claiming('[{"unique_request_id":"a"}]'),
  'a text': claiming('"unique_request_id"'),
  'a number': claiming('1'),
  null: claiming('null'),
  'no JSON': claiming('unique_request_id=a'),
  'half a JSON': claiming('{"unique_request_id":'),
  'U+0000 in a claim': claiming('{"unique_request_id":"a\\u0000"}'),
  'half a character in a claim': claiming('{"unique_request_id":"\\ud800"}'),
  'too many claims': claiming(
    JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, '1']))),
  ),
  'claims too deep': claiming(`${'{"a":'.repeat(20)}1${'}'.repeat(20)}`),
}

/** The same bytes, its last character with bits that decoders leave out. */
function respelt(part: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = letters.indexOf(part.at(-1) ?? 'A')
  return part.slice(0, -1) + letters[last ^ 1]
}
