import { expect } from 'chai'
import { describe, it } from 'mocha'
import { tag, tagSet } from '../../src/domain/tags.ts'
import { compareText, description, folded, title } from '../../src/domain/text.ts'

describe('text', () => {
  it('takes a title of one line, trimmed, of up to 200 code points', () => {
    expect(title('  Buy milk ')).to.deep.equal({ ok: true, value: 'Buy milk' })
    expect(title('💡'.repeat(200)).ok).to.equal(true)
    expect(title('💡'.repeat(201)).ok).to.equal(false)
    expect(title(`  ${'x'.repeat(200)}  `).ok).to.equal(true)
    expect(title('x'.repeat(401)).ok).to.equal(false)
  })

  for (const [what, raw] of Object.entries({
    nothing: '',
    blanks: ' \n\t ',
    'a line break': 'a\nb',
    'a tab': 'a\tb',
    NUL: 'a\0b',
    'a C1 control': 'a\u0085b',
    'a line separator': 'a\u2028b',
    'a paragraph separator': 'a\u2029b',
    'half a surrogate pair': 'a\ud800b',
  })) {
    it(`finds the flaw of a title that holds ${what}`, () => {
      expect(title(raw).ok).to.equal(false)
    })
  }

  it('takes a description of many lines as it is, up to 10,000 code points', () => {
    expect(description(' a\r\n\tb ')).to.deep.equal({ ok: true, value: ' a\r\n\tb ' })
    expect(description('💡'.repeat(10_000)).ok).to.equal(true)
    for (const raw of ['💡'.repeat(10_001), 'x'.repeat(10_001), '\0', '\udfff']) expect(description(raw).ok).to.equal(false)
  })

  it('takes a tag of one line without a comma, up to 50 code points', () => {
    expect(tag(' home ')).to.deep.equal({ ok: true, value: 'home' })
    for (const raw of ['a,b', '', ' ', 'x'.repeat(51), 'a\nb', '\ud800']) expect(tag(raw).ok).to.equal(false)
  })

  it('folds exact duplicates of tags and orders them by code point', () => {
    expect(tagSet(['b', 'a', 'B', 'a', 'é', '💡', '\uffee'])).to.deep.equal(['B', 'a', 'b', 'é', '\uffee', '💡'])
  })

  it('compares by code point, not by UTF-16 unit', () => {
    const texts = ['', 'a', 'aa', 'b', '\ue000', '\uffff', '💡', '💡a', '\u{10ffff}']
    for (const [i, a] of texts.entries()) {
      for (const [j, b] of texts.entries()) {
        expect(Math.sign(compareText(a, b)), `${i} ${j}`).to.equal(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
      }
    }
  })

  it('sets letter case aside without asking the locale', () => {
    expect(folded('STRASSE')).to.equal(folded('straße'))
    expect(folded('ΣΊΣΥΦΟΣ')).to.equal(folded('Σίσυφος'))
    expect(folded('Σίσυφος')).to.contain(folded('ΣΊΣ'))
    expect(folded('I')).to.equal('i')
  })
})
