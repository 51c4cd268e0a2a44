import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { StagePrice, StagePrices } from '../ports/stage-prices.ts';
import { type Item, number, numberAttribute, object, text, textAttribute } from './attributes.ts';
import { assignments } from './directory-items.ts';
import { createItemAccess } from './item-access.ts';
import { key } from './table.ts';

/** One partition, so that one query reads them all; admins set few of them. */
const PRICES = key('prices');

/** The prices of a stage in its table, one item for each model and day. */
export function createDynamoDbStagePrices(client: DynamoDBClient, tableName: string): StagePrices {
  const table = createItemAccess(client, tableName);
  return {
    async put({ model, from, row, setBy, setAt }) {
      const attributes = {
        model: textAttribute(model),
        from: textAttribute(from),
        row: textAttribute(JSON.stringify(row)),
        setBy: textAttribute(setBy),
        setAt: numberAttribute(setAt),
      };
      await table.change(priceKey(model, from), assignments(attributes));
    },

    async remove(model, from) {
      const found = await table.get(priceKey(model, from));
      if (found === undefined) return undefined;
      await table.remove(priceKey(model, from));
      return priceOf(found);
    },

    async all() {
      const prices: StagePrice[] = [];
      for await (const item of table.query({ pk: PRICES })) prices.push(priceOf(item));
      return prices;
    },
  };
}

function priceKey(model: string, from: string): Item {
  return { pk: textAttribute(PRICES), sk: textAttribute(key(model, from)) };
}

function priceOf(item: Item): StagePrice {
  return {
    model: text(item, 'model'),
    from: text(item, 'from'),
    row: object(item, 'row'),
    setBy: text(item, 'setBy'),
    setAt: number(item, 'setAt'),
  };
}
