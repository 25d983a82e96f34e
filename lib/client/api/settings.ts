/** Where the server is, and whether requests to it carry cookies. A page talks to one server. */

export interface ClientOptions {
  /**
   * The part before `/api`: nothing for this page's own origin, a path such as `/edge`, or an origin such as
   * `https://app.example`.
   */
  readonly baseUrl?: string;
  /** `include` sends cookies to another origin as well. The other side must admit this origin. The default is `same-origin`. */
  readonly credentials?: "same-origin" | "include";
}

let baseUrl = "";
let credentials: "same-origin" | "include" = "same-origin";

/**
 * Sets where the server is. Call it once, before the first read. An option that is left out gets its default.
 *
 * @throws TypeError if `baseUrl` is neither empty, nor a path, nor an http address without a query.
 * @example configureClient({ baseUrl: "/edge" });
 */
export function configureClient(options: ClientOptions = {}): void {
  baseUrl = parseBaseUrl(options.baseUrl ?? "");
  credentials = options.credentials ?? "same-origin";
}

/** The address of a path of the API, such as `/api/contacts`. */
export const addressOf = (path: string): string => `${baseUrl}${path}`;

/** The `credentials` mode of every request. */
export const sentCredentials = (): "same-origin" | "include" => credentials;

function parseBaseUrl(text: string): string {
  const isPath = text === "" || /^\/(?![/\\])[^?#\s\\]*$/.test(text);
  const isAddress = /^https?:\/\/[^/?#\s\\][^?#\s\\]*$/.test(text) && URL.canParse(text);
  if (isPath || isAddress) return text.replace(/\/+$/, "");
  throw new TypeError(
    `baseUrl is ${JSON.stringify(text)}. Give nothing, a path such as "/edge", or an origin such as "https://app.example".`,
  );
}
