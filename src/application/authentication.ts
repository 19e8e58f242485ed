/** Checks a bearer token. */
export interface TokenVerifier {
  /** @throws {InvalidToken} for every fault of the token; {Unavailable} while no key set can be had. */
  verify(token: string): Promise<Claims>

  /**
   * Whether the key that verified a token is still good; its times are the caller's to look at. Cheap: asked once a second for each open stream.
   * @param claims the object that `verify` gave
   * @throws {Unavailable} while nobody can tell
   */
  isStillGood(claims: Claims): Promise<boolean>
}

/** Thrown by a verifier: the one answer to every token fault (AUTH-02). `reason` is for the log, and holds nothing of the token. */
export class InvalidToken extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'InvalidToken'
  }
}

/** What is read of a verified token. */
export interface Claims {
  /** `sub`: a trimmed, well-formed string of 1 to 255 characters without control characters. */
  readonly subject: string
  /** The `scope` claim as it came, of whatever type; undefined where there is none. */
  readonly scope: unknown
  /** `act.sub`, else `client_id` or `azp`, where one is a string. */
  readonly actor: string | undefined
  /** Seconds since 1970. */
  readonly expiresAt: number
}
