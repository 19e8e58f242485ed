import '../prepare-node.mjs'
import { migrate } from '../compose.ts'
import { CannotStart } from '../config/cannot-start.ts'
import { loadSettings } from '../config/load.ts'
import { command } from './command.ts'

/** Brings the database up to date, as `MIGRATION_DATABASE_URL` where that is set, and prints what was applied (RUN-07). */
await command('migrate', async () => {
  const settings = loadSettings()
  if (settings.database.kind === 'memory') throw new CannotStart(['DATABASE_URL names a store that keeps nothing'])
  const names = await migrate(settings)
  process.stdout.write(names.length === 0 ? 'the database is up to date\n' : names.map((name) => `applied ${name}\n`).join(''))
})
