import { describe } from 'mocha'
import { storesUnderTest } from '../databases.ts'
import { storeContract } from './store.ts'

describe('STORE-12 every store keeps the contract', () => {
  for (const { name, open } of storesUnderTest) storeContract(name, open)
})
