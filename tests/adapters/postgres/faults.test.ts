import { expect } from 'chai'
import { describe, it } from 'mocha'
import { told } from '../../../src/adapters/postgres/faults.ts'
import { Unavailable } from '../../../src/application/ports.ts'

const coded = (code: string): Error => Object.assign(new Error('x'), { code })

describe('faults of the database', () => {
  const passing = {
    'a connection that is lost': coded('08006'),
    'a disk that is full': coded('53100'),
    'too many connections': coded('53300'),
    'a shutdown': coded('57P01'),
    'a server that is starting': coded('57P03'),
    'a statement that took too long': coded('57014'),
    'a lock that is not to be had': coded('55P03'),
    'a login that is refused': coded('28P01'),
    'a database that is not there': coded('3D000'),
    'a database that takes no connections': coded('55000'),
    'a deadlock': coded('40P01'),
    'a standby': coded('25006'),
    'nobody listening': Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' }),
    'nobody listening on any address': new AggregateError([Object.assign(new Error('x'), { syscall: 'connect' })]),
    'no answer': new Error('Query read timeout'),
    'no free connection': new Error('timeout exceeded when trying to connect'),
    'a connection that ended': new Error('Connection terminated unexpectedly'),
    'connections that were closed': new Error('Cannot use a pool after calling end on the pool'),
    'an embedded database that was closed': new Error('PGlite is closed'),
    'an embedded database that is being closed': new Error('PGlite is closing'),
  }
  for (const [what, fault] of Object.entries(passing)) {
    it(`${what} is an outage, with its cause`, () => {
      const outage = told(fault)
      expect(outage).to.be.instanceOf(Unavailable)
      expect(outage instanceof Unavailable && outage.cause).to.equal(fault)
    })
  }

  const lasting = {
    'a missing table': coded('42P01'),
    'a broken rule': coded('23514'),
    'a fault of our own': new TypeError('x'),
  }
  for (const [what, fault] of Object.entries(lasting)) {
    it(`${what} is told as it is`, () => {
      expect(told(fault)).to.equal(fault)
    })
  }
})
