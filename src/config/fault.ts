/** What is wrong with a setting, or with several taken together. Holds names, never a value. */
export interface Fault {
  readonly names: readonly string[]
  readonly flaw: string
}

export const fault = (names: readonly string[], flaw: string): Fault => ({ names, flaw })

/** One line for the operator. */
export const printFault = ({ names, flaw }: Fault): string => `${names.join(', ')} ${flaw}`
