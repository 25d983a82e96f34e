/** A gRPC server on a port of its own. */
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type UntypedHandleCall,
} from "@grpc/grpc-js";

export interface GrpcServer {
  /** `host:port`. */
  readonly address: string;
  stop(): void;
}

interface Decoder<T> {
  decode(bytes: Uint8Array): T;
}

interface Encoder<T> {
  encode(message: T): { finish(): Uint8Array };
}

/** A method and its handler. They may have any protobuf types, so they are untyped from here on. */
export interface GrpcMethod {
  // biome-ignore lint/suspicious/noExplicitAny: grpc-js keeps methods of all types in one table
  readonly definition: MethodDefinition<any, any>;
  readonly handler: UntypedHandleCall;
}

/** One request, one answer. */
export function unaryMethod<Request, Response>(
  path: string,
  [request, response]: readonly [Decoder<Request>, Encoder<Response>],
  answer: (request: Request) => Response,
): GrpcMethod {
  const handler: handleUnaryCall<Request, Response> = (call, done) => {
    try {
      done(null, answer(call.request));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return { definition: definitionOf(path, request, response, false), handler };
}

/** One request, any number of answers. */
export function streamMethod<Request, Response>(
  path: string,
  [request, response]: readonly [Decoder<Request>, Encoder<Response>],
  handler: handleServerStreamingCall<Request, Response>,
): GrpcMethod {
  return { definition: definitionOf(path, request, response, true), handler };
}

function definitionOf<Request, Response>(
  path: string,
  request: Decoder<Request>,
  response: Encoder<Response>,
  responseStream: boolean,
): MethodDefinition<Request, Response> {
  const clientOnly = () => {
    throw new Error("only a client does this");
  };
  return {
    path,
    requestStream: false,
    responseStream,
    requestSerialize: clientOnly,
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (message) => Buffer.from(response.encode(message).finish()),
    responseDeserialize: clientOnly,
  };
}

export interface ServiceOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

/** Starts a server with these methods; resolves once it listens. */
export async function startGrpcServer(
  methods: readonly GrpcMethod[],
  { host, port }: ServiceOptions,
): Promise<GrpcServer> {
  const server = new Server();
  server.addService(
    Object.fromEntries(methods.map(({ definition }) => [definition.path, definition])),
    Object.fromEntries(methods.map(({ definition, handler }) => [definition.path, handler])),
  );
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, actual) =>
      error ? reject(error) : resolve(actual),
    );
  });
  return { address: `${host}:${bound}`, stop: () => server.forceShutdown() };
}
