import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Principal } from '../../src/application/principal.ts'
import { Owner } from '../../src/domain/owner.ts'
import { principalOf, refusalOf } from '../builders.ts'

describe('principal', () => {
  it('OWN-03 gives the owner with the permission, and nothing else of it does', async () => {
    const reader = principalOf('ada', 'tasks:read')
    expect(reader.mayRead()).to.be.instanceOf(Owner)
    expect(reader.mayRead().id).to.equal('ada')
    expect(await refusalOf(() => reader.mayWrite())).to.equal('insufficient-permission')
    const writer = principalOf('ada', 'tasks:write')
    expect(writer.mayWrite().id).to.equal('ada')
    expect(await refusalOf(() => writer.mayRead())).to.equal('insufficient-permission')
    const members = [
      ...Object.values(reader),
      ...Object.getOwnPropertyNames(Principal.prototype)
        .filter((name) => !name.startsWith('may'))
        .map((name) => Reflect.get(reader, name)),
    ]
    expect(members.filter((member) => member instanceof Owner)).to.deep.equal([])
  })

  it('shows tasks only to a token that may read', () => {
    for (const [scope, reads] of [
      [undefined, true],
      ['tasks:read', true],
      ['tasks:write', false],
      ['x tasks:read y', true],
      ['', false],
      [7, false],
    ] as const) {
      expect(principalOf('ada', scope).reads, String(scope)).to.equal(reads)
    }
  })

  it('is told in the journal as its actor, else as itself', () => {
    expect(new Principal({ subject: 'ada', scope: undefined, actor: 'agent', expiresAt: 0 }).actor).to.equal('agent')
    expect(principalOf('ada').actor).to.equal('ada')
  })

  it('is counted by its subject, whatever it may do and whoever acts for it', () => {
    expect(new Principal({ subject: 'ada', scope: '', actor: 'agent', expiresAt: 0 }).subject).to.equal('ada')
  })
})
