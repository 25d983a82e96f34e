import { RespConnection } from "./resp";

/**
 * Makes a Redis say that it has remembered nonces for long. A memory that is younger than two minutes does not know whether a message
 * was sent before, so no signal enters a batch in that time.
 */
export async function rememberLong(redis: { readonly port: number }, network: string): Promise<void> {
  const connection = await RespConnection.open(redis.port);
  await connection.send([["HSET", `tm:${network}::history`, "since", "1000"]]);
  connection.close();
}
