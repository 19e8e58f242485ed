import type { Owner } from '../../domain/owner.ts'
import type { Share } from './fair-share.ts'
import { type Row, type Runner, type Session, type Statement, statement, type Values } from './session.ts'

/** A statement that carries its owner; only this file makes one, and only `ownerScope` runs it (OWN-04). */
export class OwnerStatement {
  /** By itself, and in a transaction that has been given the owner. */
  readonly #alone: Statement
  readonly #within: Statement

  /** Takes the owner's row, as all parts do that write. */
  readonly writes: boolean

  private constructor(alone: Statement, within: Statement, writes: boolean) {
    this.#alone = alone
    this.#within = within
    this.writes = writes
  }

  /**
   * @param body a query of the owner's rows; it, and the parts, name the owner as `$owner`
   * @param parts common table expressions before it, those that write among them
   */
  static of(name: string | undefined, body: string, parts: readonly string[] = [], isUnhurried = false): OwnerStatement {
    const head = parts.length === 0 ? '' : `with ${parts.join(', ')} `
    return new OwnerStatement(statement(name, head + givenItsOwner(body), isUnhurried), statement(name, head + body, isUnhurried), parts.length > 0)
  }

  /** @param waited milliseconds that are gone already of those that it may take */
  run(runner: Runner, owner: Owner, values: Values, waited?: number): Promise<readonly Row[]> {
    return runner.run(runner.hasOwner === true ? this.#within : this.#alone, { ...values, owner: owner.id }, waited)
  }

  get isUnhurried(): boolean {
    return this.#alone.isUnhurried === true
  }

  /** For looking at plans in tests. */
  get text(): string {
    return this.#alone.text
  }
}

/** Runs one owner's statements. */
export type OwnerScope = (statement: OwnerStatement, values: Values) => Promise<readonly Row[]>

/** @param share waits for the owner's turn, where statements of others want the same connections */
export const ownerScope = (session: Session, owner: Owner, share: Share = atOnce): OwnerScope => {
  const run = (statement: OwnerStatement, values: Values, isDistributed: boolean, waited: number): Promise<readonly Row[]> =>
    isDistributed
      ? session.transaction(
          (within) => statement.run(within, owner, values),
          () => true,
          { owner: owner.id, isUnhurried: statement.isUnhurried, waited },
        )
      : statement.run(session, owner, values, waited)

  return (statement, values) =>
    share(
      owner,
      (waited) => {
        const isDistributed = session.isDistributed()
        return typeof isDistributed === 'boolean'
          ? run(statement, values, isDistributed, waited)
          : isDistributed.then((known) => run(statement, values, known, waited))
      },
      statement.writes,
    )
}

const atOnce: Share = (_, work) => work(0)

/** Runs several of one owner's statements in one transaction, which is kept where the result says so. */
export type OwnerTransaction = <T>(work: (mine: OwnerScope) => Promise<T>, isKept: (result: T) => boolean) => Promise<T>

export const ownerTransaction =
  (session: Session, owner: Owner, share: Share = atOnce): OwnerTransaction =>
  (work, isKept) =>
    share(
      owner,
      async (waited) =>
        session.transaction(
          (within) => work((statement, values) => statement.run(within, owner, values)),
          isKept,
          (await session.isDistributed()) ? { owner: owner.id, waited } : { waited },
        ),
      true,
    )

/**
 * How a statement gets its owner, which the row policies ask for: in the statement itself, for the length of its transaction.
 * The body can only begin once the scope has given it the owner: `offset 0` keeps the planner from pulling it out of there, and parts
 * run when the body asks for them or afterwards. Where this ever failed, the policies would see no owner and no row.
 */
const givenItsOwner = (body: string): string => `select answer.* from (select set_config('app.owner_id', $owner::text, true) as owner) scope,
lateral (select * from (${body}) body where scope.owner = $owner offset 0) answer`

/** For each owner in turn, as that owner: the scope is set anew before that owner's row is looked for, and the policies see no other one. */
export const LATEST = statement(
  'latest',
  `select wanted.owner, answer.seq from unnest($owners::text[]) as wanted (owner),
lateral (select set_config('app.owner_id', wanted.owner, true) as owner offset 0) scope,
lateral (select o.seq::text from owners o where o.owner_id = scope.owner offset 0) answer`,
)
const AT_ONCE = 1_000

const LATEST_OF_ONE = OwnerStatement.of('latest of one', 'select o.seq::text from owners o where o.owner_id = $owner')

/** The latest number of each of these owners, by id, which says whether there is anything to read; one without a change has none. */
export async function latestNumbers(session: Session, owners: readonly Owner[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  if (await session.isDistributed()) {
    for (const owner of owners) for (const [seq] of await ownerScope(session, owner)(LATEST_OF_ONE, {})) if (seq != null) found.set(owner.id, seq)
    return found
  }
  for (let at = 0; at < owners.length; at += AT_ONCE) {
    const rows = await session.run(LATEST, { owners: owners.slice(at, at + AT_ONCE).map(({ id }) => id) })
    for (const [owner, seq] of rows) if (owner != null && seq != null) found.set(owner, seq)
  }
  return found
}
