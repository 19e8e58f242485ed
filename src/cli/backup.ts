import '../prepare-node.mjs'
import { backUpDatabase } from '../compose/backup.ts'
import { loadSettings } from '../config/load.ts'
import { command } from './command.ts'
import { fileAndOptions, progress } from './copying.ts'

/** Writes everything of every owner into a file, while the server serves where it is a PostgreSQL server (BACKUP-01). */
await command('back up', async () => {
  const { file } = fileAndOptions('npm run backup -- FILE', [])
  const report = progress('backed up')
  await backUpDatabase(loadSettings(), { file, ...report })
  report.done()
})
