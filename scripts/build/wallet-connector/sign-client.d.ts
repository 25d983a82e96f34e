/** Types for the used part of the connector's packages, so that the app can be checked and tested without installing them. */
declare module "@walletconnect/sign-client" {
  export interface Session {
    readonly topic: string;
    readonly namespaces: Readonly<Record<string, { readonly accounts: readonly string[] } | undefined>>;
  }
  export interface Namespace {
    readonly chains: readonly string[];
    readonly methods: readonly string[];
    readonly events: readonly string[];
  }
  export class SignClient {
    static init(options: {
      projectId: string;
      relayUrl: string;
      telemetryEnabled: boolean;
      metadata: { name: string; description: string; url: string; icons: readonly string[] };
    }): Promise<SignClient>;
    /** Asks the wallet network to attest this page's name, through a frame of its site. */
    readonly core: { readonly verify: { register: (request: object) => Promise<string | undefined> } };
    connect(options: {
      optionalNamespaces: Readonly<Record<string, Namespace>>;
    }): Promise<{ uri?: string; approval(): Promise<Session> }>;
    request(options: {
      topic: string;
      chainId: string;
      request: { method: string; params: Readonly<Record<string, string>> };
    }): Promise<unknown>;
    disconnect(options: { topic: string; reason: { code: number; message: string } }): Promise<void>;
  }
}

declare module "uqr" {
  export function renderSVG(text: string, options?: { border?: number; ecc?: "L" | "M" | "Q" | "H" }): string;
}
