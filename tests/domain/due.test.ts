import { expect } from 'chai'
import { describe, it } from 'mocha'
import { due, dueOrder, isDueWithin, timeZone } from '../../src/domain/due.ts'
import { boundOf, dueOf } from '../builders.ts'

const canonical = (raw: string): string => {
  const checked = due(raw)
  return checked.ok ? checked.value : `flaw: ${checked.flaw}`
}

describe('due', () => {
  const FORMS = {
    '2026-11-30': '2026-11-30',
    '2024-02-29': '2024-02-29',
    '0001-01-01': '0001-01-01',
    '9999-12-31': '9999-12-31',
    '2026-11-30T09:00Z': '2026-11-30T09:00:00Z',
    '2026-11-30T09:00:00Z': '2026-11-30T09:00:00Z',
    '2026-11-30T09:00:00+00:00': '2026-11-30T09:00:00Z',
    '2026-11-30T09:00:00-00:00': '2026-11-30T09:00:00Z',
    '2026-11-30T09:00:00+05:00': '2026-11-30T09:00:00+05:00',
    '2026-11-30T09:00:00.5+05:00': '2026-11-30T09:00:00.5+05:00',
    '2026-11-30T09:00:00.500+05:00': '2026-11-30T09:00:00.5+05:00',
    '2026-11-30T09:00:00.000-03:30': '2026-11-30T09:00:00-03:30',
    '2026-11-30T09:00:00+05:00[Asia/Karachi]': '2026-11-30T09:00:00+05:00[Asia/Karachi]',
    '2026-11-30T09:00+05:00[asia/karachi]': '2026-11-30T09:00:00+05:00[Asia/Karachi]',
    '2026-07-01T09:00:00Z[Europe/London]': '2026-07-01T10:00:00+01:00[Europe/London]',
    '2026-10-25T01:30:00+00:00[Europe/London]': '2026-10-25T01:30:00+00:00[Europe/London]',
    '2026-10-25T01:30:00+01:00[Europe/London]': '2026-10-25T01:30:00+01:00[Europe/London]',
  }
  for (const [raw, form] of Object.entries(FORMS)) {
    it(`brings ${raw} into its canonical form, which stays as it is`, () => {
      expect(canonical(raw)).to.equal(form)
      expect(canonical(form)).to.equal(form)
    })
  }

  const FLAWED = [
    '',
    ' ',
    'tomorrow',
    '2026-11-30 ',
    '2026-1-3',
    '2026-02-30',
    '2025-02-29',
    '2026-13-01',
    '0000-01-01',
    '10000-01-01',
    '+002026-11-30',
    '-000001-01-01',
    '2026-11-30T09:00',
    '2026-11-30T09:00:00',
    '2026-11-30 09:00:00Z',
    '2026-11-30t09:00:00z',
    '2026-11-30T24:00:00Z',
    '2026-11-30T09:60:00Z',
    '2026-11-30T09:00:60Z',
    '2026-11-30T09:00:00+24:00',
    '2026-11-30T09:00:00+05',
    '2026-11-30T09:00:00+0500',
    '2026-11-30T09:00:00.1234Z',
    '2026-11-30T09:00:00.Z',
    '2026-11-30T09:00:00+04:00[Asia/Karachi]',
    '2026-11-30T09:00:00+05:00[Nowhere/Land]',
    '2026-11-30T09:00:00+05:00[]',
    '2026-11-30T09:00:00+05:00[+05:00]',
    '2026-11-30T09:00:00+05:00[u-ca=hebrew]',
    '2026-11-30T09:00:00[Asia/Karachi]',
    '2026-11-30[Asia/Karachi]',
    '9999-12-31T23:59:59Z[Asia/Karachi]',
    '2026-W48-1',
    '1796011200000',
  ]
  for (const raw of FLAWED) {
    it(`finds the flaw of ${JSON.stringify(raw)}`, () => {
      expect(due(raw).ok).to.equal(false)
    })
  }

  it('stands in order as its moment, a day as the last millisecond of that day in UTC', () => {
    expect(dueOrder(dueOf('2026-11-30'))).to.equal(Date.parse('2026-11-30T23:59:59.999Z'))
    expect(dueOrder(dueOf('2026-11-30T09:00+05:00'))).to.equal(Date.parse('2026-11-30T04:00:00.000Z'))
    expect(dueOrder(dueOf('2026-11-30T09:00:00.25+05:00[Asia/Karachi]'))).to.equal(Date.parse('2026-11-30T04:00:00.250Z'))
    expect(dueOrder(dueOf('0001-01-01'))).to.equal(Date.parse('0001-01-01T23:59:59.999Z'))
  })

  it('lies from the lower bound on, and up to but not with the upper one', () => {
    const within = (raw: string, after?: string, before?: string, zone?: string) =>
      isDueWithin(dueOf(raw), after === undefined ? undefined : boundOf(after, zone), before === undefined ? undefined : boundOf(before, zone))
    expect(within('2026-11-30', '2026-11-30')).to.equal(true)
    expect(within('2026-11-29', '2026-11-30')).to.equal(false)
    expect(within('2026-11-30', undefined, '2026-11-30')).to.equal(false)
    expect(within('2026-11-29', undefined, '2026-11-30')).to.equal(true)
    expect(within('2026-11-30T00:00Z', '2026-11-30')).to.equal(true)
    expect(within('2026-11-29T23:59:59.999Z', '2026-11-30')).to.equal(false)
    expect(within('2026-11-30T09:00Z', undefined, '2026-11-30T09:00Z')).to.equal(false)
    expect(within('2026-11-30', '2026-11-30T12:00Z')).to.equal(true)
    expect(within('2026-11-30', undefined, '2026-11-30T12:00Z')).to.equal(false)
  })

  it('begins and ends its days where the filter is', () => {
    const after = boundOf('2026-11-30', 'Asia/Karachi')
    expect(isDueWithin(dueOf('2026-11-29T19:00Z'), after, undefined)).to.equal(true)
    expect(isDueWithin(dueOf('2026-11-29T18:59:59.999Z'), after, undefined)).to.equal(false)
    const evening = boundOf('2026-11-29T20:00Z', 'Asia/Karachi')
    expect(isDueWithin(dueOf('2026-11-29'), evening, undefined)).to.equal(false)
    expect(isDueWithin(dueOf('2026-11-30'), evening, undefined)).to.equal(true)
  })

  it('agrees with the end of the day in the zone, day by day and zone by zone', () => {
    for (const zone of ['UTC', 'Asia/Karachi', 'America/New_York', 'Europe/London', 'Australia/Lord_Howe', 'Pacific/Kiritimati']) {
      for (const hour of [0, 5, 11, 19, 23]) {
        const bound = boundOf(`2026-10-25T${String(hour).padStart(2, '0')}:30Z`, zone)
        for (const day of ['2026-10-24', '2026-10-25', '2026-10-26']) {
          const end = Temporal.PlainDate.from(day).toZonedDateTime({ timeZone: zone, plainTime: '23:59:59.999' }).epochMilliseconds
          expect(isDueWithin(dueOf(day), bound, undefined), `${day} from ${hour}:30Z in ${zone}`).to.equal(end >= bound.at)
        }
      }
    }
  })

  it('knows IANA zones by any letter case, and no offsets', () => {
    expect(timeZone('asia/karachi')).to.deep.equal({ ok: true, value: 'Asia/Karachi' })
    for (const raw of ['', 'Mars/Olympus', '+05:00', 'Asia/Karachi ', '../etc']) expect(timeZone(raw).ok, raw).to.equal(false)
  })
})
