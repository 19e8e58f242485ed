import type { Owner } from '../../domain/owner.ts'
import { type Row, type Session, type Statement, statement, type Values } from './session.ts'

/** A statement that carries its owner; only this file makes one, and only `ownerScope` runs it (OWN-04). */
export class OwnerStatement {
  readonly #statement: Statement

  private constructor(statement: Statement) {
    this.#statement = statement
  }

  /**
   * @param body a query of the owner's rows; it, and the parts, name the owner as `$owner`
   * @param parts common table expressions before it, those that write among them
   */
  static of(name: string | undefined, body: string, parts: readonly string[] = []): OwnerStatement {
    return new OwnerStatement(statement(name, withOwner(body, parts)))
  }

  run(session: Session, owner: Owner, values: Values): Promise<readonly Row[]> {
    return session.run(this.#statement, { ...values, owner: owner.id })
  }

  /** For looking at plans in tests. */
  get text(): string {
    return this.#statement.text
  }
}

/** Runs one owner's statements. */
export type OwnerScope = (statement: OwnerStatement, values: Values) => Promise<readonly Row[]>

export const ownerScope =
  (session: Session, owner: Owner): OwnerScope =>
  (statement, values) =>
    statement.run(session, owner, values)

/**
 * How a statement gets its owner, which the row policies ask for: in the statement itself, for the length of its transaction.
 * The body can only begin once the scope has given it the owner: `offset 0` keeps the planner from pulling it out of there, and parts
 * run when the body asks for them or afterwards. Where this ever failed, the policies would see no owner and no row.
 */
function withOwner(body: string, parts: readonly string[]): string {
  const head = parts.length === 0 ? '' : `with ${parts.join(', ')} `
  return `${head}select answer.* from (select set_config('app.owner_id', $owner::text, true) as owner) scope,
lateral (select * from (${body}) body where scope.owner = $owner offset 0) answer`
}
