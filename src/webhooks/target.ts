import { BlockList, isIP } from 'node:net'
import { isWebUrl, type Mode } from '../merchants/merchant.ts'

/** A URL that webhooks may go to, as far as it can be told without asking for its address. */
export interface Target {
  readonly url: URL
  /** The name or address to connect to, without brackets and final dot. */
  readonly hostname: string
  readonly port: number
}

/** The longest URL kept: what browsers and proxies take without asking. */
const longestUrl = 2_048

/** What public receivers listen on; anything else is somebody's database or mail server. */
const livePorts: ReadonlySet<number> = new Set([443, 8443])

/** A name as name servers take it (RFC 1035 section 2.3.4): 253 characters, labels of 63. */
const hostName = /^(?=.{1,253}$)[^.]{1,63}(?:\.[^.]{1,63})*$/

/** Names that mean the machine itself, whoever is asked (RFC 6761 section 6.3). */
const ownName = /(?:^|\.)localhost$/

/**
 * The target that a URL names, or why webhooks don't go there: a web address on ports 443 and 8443,
 * in sandbox mode http and other ports too; no user info, in live mode no host that is known not
 * to be public (OWASP ASVS 1.3.6).
 */
export function readTarget(text: string, mode: Mode): Target | { readonly refused: string } {
  if (text.length > longestUrl) return { refused: 'the URL is too long' }
  if (!URL.canParse(text)) return { refused: 'it is no URL' }
  const url = new URL(text)
  const isHttps = url.protocol === 'https:'
  if (!isHttps && !(mode === 'sandbox' && url.protocol === 'http:')) {
    return { refused: 'the URL is not https' }
  }
  if (url.username !== '' || url.password !== '') return { refused: 'the URL has user info' }
  if (!isWebUrl(text, mode)) return { refused: 'not everybody reads the URL alike' }
  const port = url.port === '' ? (isHttps ? 443 : 80) : Number(url.port)
  if (port === 0) return { refused: 'nobody listens on port 0' }
  if (mode === 'live' && !livePorts.has(port)) return { refused: 'its port is not 443 or 8443' }
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  const isAddress = isIP(hostname) !== 0
  if (!isAddress && !hostName.test(hostname)) return { refused: 'the URL has no host' }
  if (mode === 'live' && (isAddress ? !isPublic(hostname) : ownName.test(hostname))) {
    return { refused: 'an address of the host is not public' }
  }
  return { url, hostname, port }
}

// IANA's special-purpose registries: all IPv4 that is not globally reachable, and of the one block
// of IPv6 that is (2000::/3) what is not, or (Teredo, 6to4) stands for an IPv4 address. Loopback,
// mapped, NAT64, local and multicast addresses are outside that block.
const special = {
  ipv4: [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.88.99.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 4],
    ['240.0.0.0', 4],
  ],
  ipv6: [
    ['2001::', 23],
    ['2001:db8::', 32],
    ['2002::', 16],
    ['3fff::', 20],
  ],
} as const

const blocked = { ipv4: new BlockList(), ipv6: new BlockList() }
for (const [net, bits] of special.ipv4) blocked.ipv4.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of special.ipv6) blocked.ipv6.addSubnet(net, bits, 'ipv6')

const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')

/** Whether the address is one that anybody on the Internet could be at. */
export function isPublic(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !blocked.ipv4.check(address, 'ipv4')
    case 6:
      return globalUnicast.check(address, 'ipv6') && !blocked.ipv6.check(address, 'ipv6')
    default:
      return false
  }
}
