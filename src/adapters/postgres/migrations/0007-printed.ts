import { Migration } from '@mikro-orm/migrations'

const quoted = (column: string): string => `'"' || ${column} || '"'`
const instant = (column: string): string => quoted(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`)
const orNull = (json: string): string => `coalesce(${json}, 'null')`

const MEMBERS = {
  id: quoted('id'),
  title: 'to_json(title)',
  description: 'to_json(description)',
  status: quoted('status'),
  priority: quoted(`(array['none', 'low', 'medium', 'high', 'urgent'])[priority + 1]`),
  due: orNull(quoted('due')),
  tags: 'to_json(tags)',
  completedAt: orNull(instant('completed_at')),
  createdAt: instant('created_at'),
  updatedAt: instant('updated_at'),
  version: 'version',
}

/** A row of `tasks`, as every read printed it until then: byte for byte what the application prints. */
export const PRINTED = `'{' || ${Object.entries(MEMBERS)
  .map(([name, json]) => `'"${name}":' || ${json}`)
  .join(` || ',' || `)} || '}'`

/** The title's place becomes the whole task's, as it is printed (STORE-20): so each row is written once, whoever it belongs to. */
export class Printed extends Migration {
  override up(): void {
    this.addSql(`alter table tasks alter title type text using (${PRINTED}), alter description type text using ''`)
    this.addSql('alter table tasks rename title to printed')
    this.addSql('alter table tasks drop description, drop tags, drop completed_at')
  }
}
