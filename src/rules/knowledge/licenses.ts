/**
 * Whether a text has the form of an SPDX expression: identifiers joined by AND, OR and WITH, in parentheses.
 * Identifiers are compared with their form, not with the list of licences, which grows.
 */
export const isLicenseExpression = (text: string): boolean => {
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  let depth = 0;
  let wantsOperand = true;
  for (const token of tokens) {
    if (token === "(") {
      if (!wantsOperand) return false;
      depth += 1;
    } else if (token === ")") {
      depth -= 1;
      if (wantsOperand || depth < 0) return false;
    } else if (/^(AND|OR|WITH)$/i.test(token)) {
      if (wantsOperand) return false;
      wantsOperand = true;
    } else {
      if (!wantsOperand || !identifier.test(token)) return false;
      wantsOperand = false;
    }
  }
  return depth === 0 && !wantsOperand;
};

const identifier = /^((DocumentRef-[\w.-]+:)?LicenseRef-[\w.-]+|[A-Za-z0-9][A-Za-z0-9.-]*\+?)$/;
