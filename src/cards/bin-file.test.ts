import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readBinFile } from './bin-file.ts'

const head = 'bin,brand,bank,bank_code,type,sub_type,country'

describe('a file of BINs', () => {
  test('may have its columns in any order, and others beside them', () => {
    const text = [
      '\uFEFFCountry , bin,brand,colour,bank,bank_code,type,sub_type',
      'INDIA,411111,visa,blue,"Bank, Ltd",JP_BANK,Credit,Gold',
      '',
      'INDIA,520473123,MASTER,,,,,',
    ]
    assert.deepEqual(readBinFile(text.join('\r\n')), {
      ok: [
        {
          bin: '411111',
          brand: 'VISA',
          bank: 'Bank, Ltd',
          bankCode: 'JP_BANK',
          type: 'CREDIT',
          subType: 'Gold',
          country: 'INDIA',
        },
        {
          bin: '520473123',
          brand: 'MASTERCARD',
          bank: '',
          bankCode: '',
          type: '',
          subType: '',
          country: 'INDIA',
        },
      ],
    })
  })

  test('of names alone is empty', () => {
    assert.deepEqual(readBinFile(head), { ok: [] })
  })

  test('is wrong without all of its columns, each once', () => {
    for (const [names, lacking] of [
      ['', 'bin, brand, bank, bank_code, type, sub_type, country'],
      [head.replace('bank_code', 'code'), 'bank_code'],
      [`${head},Bin`, 'bin'],
    ] as const) {
      const wrong = [`line 1: it must name each column once: ${lacking}`]
      assert.deepEqual(readBinFile(`${names}\n411111`), { wrong, more: 0 })
    }
  })

  test('is told all its mistakes by their lines, and nothing that is in it', () => {
    const text = [
      head,
      '411111,VISA,,,,,',
      '4111111111111111,VISA,,,,,',
      '411112,CREDIT,,,,,',
      '411111,VISA,,,,,',
      `411113,VISA,${'x'.repeat(101)},,,,`,
      '411114,VISA,,,,,"IN\tDIA"',
      '41111x,VISA,,,,,',
    ]
    const read = readBinFile(text.join('\n'))
    assert('wrong' in read)
    assert.deepEqual(
      read.wrong.map((line) => line.replace(/(none of).*/, '$1')),
      [
        'line 3: bin is not 6 to 9 digits',
        'line 4: brand is none of',
        'line 5: its bin is on line 2 too',
        'line 6: bank is longer than 100 characters, or no plain text',
        'line 7: country is longer than 100 characters, or no plain text',
        'line 8: bin is not 6 to 9 digits',
      ],
    )
    assert(!read.wrong.join().includes('1111'))
  })

  test('of many mistakes is told the first, and how many more', () => {
    const read = readBinFile([head, ...Array.from({ length: 30 }, () => 'x')].join('\n'))
    assert('wrong' in read)
    assert.deepEqual([read.wrong.length, read.more], [20, 10])
  })

  test('that is no CSV is told where', () => {
    const read = readBinFile(`${head}\n411111,VISA,"Bank,,,,\n`)
    assert('wrong' in read)
    assert.match(read.wrong.join(), /^line \d: it is not CSV \(CSV_/)
  })
})
