/**
 * Whose tasks are meant. Owner is not user: a token's subject becomes an owner in `principal.ts` and nowhere else.
 * The private field keeps look-alikes out: no literal, string or `new Owner()` compiles (OWN-01).
 */
export class Owner {
  readonly #id: string

  private constructor(id: string) {
    this.#id = id
  }

  /** Called by `principal.ts`, and by the one adapter that claims background work; a test greps for it. */
  static of(id: string): Owner {
    return new Owner(id)
  }

  /** The name that storage keys rows by: 1 to 255 code points. */
  get id(): string {
    return this.#id
  }
}
