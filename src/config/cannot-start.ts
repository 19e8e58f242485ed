/** Why a program of ours cannot do its work, in lines for the operator: no stack, no value of a setting, no host. */
export class CannotStart extends Error {
  readonly lines: readonly string[]

  constructor(lines: readonly string[], cause?: unknown) {
    super(lines.join('; '), { cause })
    this.name = 'CannotStart'
    this.lines = lines
  }
}
