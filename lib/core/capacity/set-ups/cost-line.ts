/** One line of a set-up's bill. */
import type { CostLine, CostPart } from "../outputs";
import { usdOf } from "../prices";

/** Makes the lines of a part: `what` is bought, `amount` of it a month, at a price of the table. */
export const linesOf =
  (part: CostPart) =>
  (what: string, price: CostLine["price"], amount: number): CostLine => ({
    part,
    what,
    price,
    usd: usdOf(price, amount),
  });
