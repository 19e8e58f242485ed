import '../prepare-node.mjs'
import { restoreDatabase } from '../compose/backup.ts'
import { migrate } from '../compose.ts'
import { CannotStart } from '../config/cannot-start.ts'
import { loadSettings } from '../config/load.ts'
import { command } from './command.ts'
import { fileAndOptions, progress } from './copying.ts'

const USAGE = 'npm run restore -- FILE [--raise N]'
/** How much greater every sequence number becomes (BACKUP-07). */
const RAISE = 1_000_000

/** Fills an empty database from a file of `npm run backup`, and brings it up to date (BACKUP-13). */
await command('restore', async () => {
  const { file, raise = String(RAISE) } = fileAndOptions(USAGE, ['raise'])
  if (!/^\d{7,15}$/.test(raise) || Number(raise) < RAISE) throw new CannotStart([`--raise must be a whole number from ${RAISE}; it is ${USAGE}`])
  const settings = loadSettings()
  const report = progress('restored')
  await restoreDatabase(settings, Number(raise), { file, ...report })
  await migrate(settings)
  report.done()
})
