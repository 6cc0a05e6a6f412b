/** What the compiler must refuse. Each line would be an error of its own if the types were loose. */
import { accountPage, invite, signIn } from "./operations.js";
import type { DocumentType, VariablesOf } from "./shapes.js";

export function read(page: DocumentType<typeof accountPage>): unknown[] {
  return [
    // @ts-expect-error the account may be null: who may not see it gets no error here
    page.account.name,
    // @ts-expect-error there is no such field
    page.account?.colour,
    // @ts-expect-error no such kind of account
    page.account?.kind === "GUEST",
  ];
}

// @ts-expect-error the password is missing
export const withoutPassword: VariablesOf<typeof signIn> = { input: { email: "anna@example.com" } };

// @ts-expect-error numbers are no addresses
export const withNumber: VariablesOf<typeof invite>["input"]["email"] = 7;
