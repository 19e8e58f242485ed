import { describe } from 'mocha'
import { bySeveralServers, storesUnderTest } from '../databases.ts'
import { racingContract } from './racing.ts'
import { storeContract } from './store.ts'

describe('STORE-12 every store keeps the contract', () => {
  for (const { name, open } of storesUnderTest) storeContract(name, open)
  racingContract('PostgreSQL by several servers', bySeveralServers)
})
