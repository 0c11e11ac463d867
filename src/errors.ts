/**
 * What the user can put right: one message, printed without a stack. It names the setting or the file,
 * where the value came from and the accepted form, and never holds the value of a secret.
 */
export class UserError extends Error {
  override readonly name = "UserError";
}
